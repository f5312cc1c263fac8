// The tree of folders. A folder's children are asked for when it is opened.
import { fetched } from "./nuxeo.js";
import { router } from "./router.js";

const query = (uid) =>
  `SELECT * FROM Document WHERE ecm:parentId = '${uid}' AND ecm:mixinType = 'Folderish'` +
  " AND ecm:mixinType != 'HiddenInNavigation' AND ecm:isTrashed = 0 AND ecm:isVersion = 0";
async function below(uid) {
  const what = `pageSize=200&sortBy=dc:title&sortOrder=asc&query=${encodeURIComponent(query(uid))}`;
  return (await fetched(`search/execute?${what}`)).entries;
}

const style = `
  ul { list-style: none; margin: 0; padding: 0; }
  ul ul { padding-left: 14px; }
  .row { display: flex; align-items: center; }
  button {
    flex: none; width: 28px; height: 28px; border: 0; background: none; color: var(--sim-quiet); cursor: pointer;
    font-size: 10px; transition: rotate .15s;
  }
  button[aria-expanded=true] { rotate: 90deg; }
  button[disabled] { visibility: hidden; }
  a {
    flex: 1; min-width: 0; padding: 5px 8px; border-radius: 3px; overflow: hidden; text-overflow: ellipsis;
    white-space: nowrap; color: var(--nuxeo-text-default); text-decoration: none;
  }
  a:hover { background: var(--sim-hover); }
  a[aria-current] { color: var(--nuxeo-text-default); font-weight: 600; background: var(--sim-hover); }
  button:focus-visible, a:focus-visible { outline: 2px solid var(--sim-mark); outline-offset: -2px; }`;

class Tree extends HTMLElement {
  async connectedCallback() {
    this.root = this.attachShadow({ mode: "open" });
    this.root.innerHTML = `<style>${style}</style><ul></ul>`;
    window.addEventListener("refresh-display", () => this.rebuild());
    await this.rebuild();
  }

  // rebuild begins anew, when folders may have come or gone.
  async rebuild() {
    const list = document.createElement("ul");
    list.append(this.item(await fetched("path/")));
    this.root.querySelector("ul").replaceWith(list);
    await this.reveal(this.path ?? "/");
  }

  item(doc) {
    const item = document.createElement("li");
    item.innerHTML = `<div class="row"><button type="button" aria-expanded="false">▶</button><a></a></div>`;
    const [button, link] = [item.querySelector("button"), item.querySelector("a")];
    link.textContent = doc.path === "/" ? "Root" : doc.title;
    link.href = `#!${router.browse(doc.path)}`;
    link.dataset.path = doc.path;
    button.setAttribute("aria-label", link.textContent);
    button.onclick = () => this.toggle(item, button.getAttribute("aria-expanded") !== "true");
    item.doc = doc;
    return item;
  }

  async toggle(item, open) {
    const button = item.querySelector("button");
    button.setAttribute("aria-expanded", String(open));
    item.querySelector("ul")?.toggleAttribute("hidden", !open);
    if (!open || item.querySelector("ul")) return;
    const list = document.createElement("ul");
    item.append(list);
    const folders = await below(item.doc.uid);
    list.append(...folders.map((doc) => this.item(doc)));
    button.disabled = folders.length === 0;
  }

  // reveal opens the folders on the way and marks the last, one path after the other.
  reveal(path) {
    this.path = path;
    this.busy = Promise.resolve(this.busy).then(() => this.walk(path));
    return this.busy;
  }

  async walk(path) {
    for (const link of this.root.querySelectorAll("a")) link.removeAttribute("aria-current");
    let at = "";
    for (const step of path === "/" ? [""] : path.split("/")) {
      at = at === "/" || at === "" ? `/${step}` : `${at}/${step}`;
      const link = [...this.root.querySelectorAll("a")].find((a) => a.dataset.path === at);
      if (!link) return;
      if (at === path) link.setAttribute("aria-current", "page");
      await this.toggle(link.closest("li"), true);
    }
  }
}
customElements.define("sim-tree", Tree);

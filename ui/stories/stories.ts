// Every page and dialog with canned data and no connector: to look at, to take
// pictures of, and to measure. ?story=NAME&theme=dark chooses; without a name
// the page lists them. ?items=N and ?busy=N say how many items there are and how
// many of them move.

import "../src/main.js";
import type { Item } from "../src/api.js";
import * as canned from "./canned.js";

const options = new URLSearchParams(location.search);
document.documentElement.classList.toggle("dark", options.get("theme") === "dark");
const total = Number(options.get("items") ?? 30);
const busy = Number(options.get("busy") ?? 0);

const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status, headers: { "Content-Type": "application/json" } });
const items = Array.from({ length: total }, (_, n) => (n < busy ? { ...canned.item(n), state: "running" as const, transfer: { name: "x", size: 1e9, done: 0, sent: 0, rate: 5e7, seconds_left: 20 } } : canned.item(n)));

function events(signal: AbortSignal | null | undefined): Response {
  let n = 0;
  const text = (item: Item) => new TextEncoder().encode(`event: item\ndata: ${JSON.stringify(item)}\n\n`);
  const stream = new ReadableStream<Uint8Array>({
    start(to) {
      const timer = setInterval(() => {
        n++;
        for (const item of items.slice(0, busy)) to.enqueue(text({ ...item, transfer: { ...item.transfer!, done: (n * 3e6) % 1e9, seconds_left: 20 - (n % 20) } } as Item));
      }, 300);
      signal?.addEventListener("abort", () => (clearInterval(timer), to.error(new DOMException("gone", "AbortError"))));
    },
  });
  return new Response(stream);
}

function answer(path: string, query: URLSearchParams, signal: AbortSignal | null | undefined): Response {
  if (path === "/events") return events(signal);
  if (path === "/items") {
    const from = Number(query.get("cursor") ?? 0);
    const page = items.slice(from, from + 200);
    return json({ items: page, ...(from + 200 < total ? { next: String(from + 200) } : {}) });
  }
  if (path.startsWith("/items/")) return json({ ...canned.item(Number(path.split("/")[2]!.slice(1))), history: [{ at: new Date().toISOString(), event: "accepted", detail: "from Josh Editor" }, { at: new Date().toISOString(), event: "failed", detail: "gone" }] });
  if (path === "/folders") return json(query.get("parent") ? { folders: ["Films", "Trailers", "A folder with quite a long name in the tree"].map((title, n) => ({ uid: `${query.get("parent")}-${n}`, path: "/x", title, type: "Folder" })), more: true } : { folders: [{ uid: "u0", path: "/d", title: "Domain", type: "Domain" }], more: false });
  if (path.endsWith("/documents")) return json({ documents: [{ uid: "d1", title: "Teaser", type: "Video", version: "1.1+", modified: new Date().toISOString(), size: 53e9, status: "Approved" }] });
  if (path.startsWith("/folders/")) return json(canned.folder(path.split("/")[2]!));
  if (path.endsWith("/media")) return json({ kind: "image", source: "frameio", url: still(), why: "Connect Frame.io to play it here." }, 201);
  if (path.startsWith("/documents/")) return json(canned.document_);
  const fixed: Record<string, unknown> = {
    "/about": { version: "1.0.0", nuxeo_url: "http://nuxeo.example/nuxeo", public_url: location.origin }, "/me": canned.person, "/workspaces": { workspaces: canned.workspaces },
    "/bindings": { bindings: canned.bindings }, "/status": canned.status, "/doctor": { findings: canned.findings }, "/provider": canned.provider,
  };
  return path in fixed ? json(fixed[path]) : json({ title: "There is no such thing.", status: 404, code: "not_found", type: "about:blank", remedy: "Look elsewhere." }, 404);
}

// A picture made here: bars of colour.
function still(): string {
  const canvas = new OffscreenCanvas(640, 360).getContext("2d")!;
  ["#345", "#567", "#789", "#9ab", "#bcd"].forEach((c, n) => ((canvas.fillStyle = c), canvas.fillRect(n * 128, 0, 128, 360)));
  const pixels = canvas.getImageData(0, 0, 640, 360);
  const shown = document.createElement("canvas");
  [shown.width, shown.height] = [640, 360];
  shown.getContext("2d")!.putImageData(pixels, 0, 0);
  return shown.toDataURL("image/png");
}

window.fetch = async (to, init) => {
  const url = new URL(String(to), location.href);
  return answer(url.pathname.replace("/api/v1", ""), url.searchParams, init?.signal);
};

const make = (tag: string, more: Record<string, unknown> = {}) => Object.assign(document.createElement(tag), more);
const dialog = (tag: string, more: Record<string, unknown> = {}) => {
  void (make(tag, more) as unknown as { show(): Promise<unknown> }).show();
};

const stories: Record<string, () => Element | void> = {
  folder: () => make("nxf-folder-tab", { folder: "u2" }),
  document: () => make("nxf-document-tab", { uid: "d1" }),
  activity: () => make("nxf-activity", { administrator: true }),
  start: () => make("nxf-start-page"),
  item: () => make("nxf-item-page", { item: "i4" }),
  tree: () => make("nxf-folder-tree", { selected: "u0-1", way: ["u0"] }),
  "admin-health": () => make("nxf-admin-page", { page: "health" }),
  "admin-provider": () => make("nxf-admin-page", { page: "provider" }),
  "admin-doctor": () => make("nxf-admin-page", { page: "doctor" }),
  "admin-bindings": () => make("nxf-admin-page", { page: "bindings" }),
  bind: () => dialog("nxf-bind-dialog", { folder: "u2" }),
  connect: () => dialog("nxf-connect", { person: { ...canned.person, frameio_connected: false, frameio_problem: "You have not connected Frame.io yet." }, stage: "blocked" }),
  unbind: () => dialog("nxf-confirm", { question: "Unbind Films?", explain: ["\"Publish to Nuxeo\" disappears from Frame.io at once.", "Everything that was published stays."], label: "Unbind" }),
  action: () => make("nxf-bind-action", { document: { uid: "u2" }, showLabel: true }),
  app: () => {
    document.getElementById("stage")!.classList.add("bare");
    history.replaceState(null, "", options.get("at") ?? "/");
    return make("nxf-app");
  },
};

const stage = document.getElementById("stage")!;
const chosen = options.get("story");
if (chosen !== "app") stage.role = "main";
if (chosen) {
  const made = stories[chosen]?.();
  if (made) stage.append(made);
} else {
  stage.innerHTML = Object.keys(stories).map((name) => `<p><a href="?story=${name}">${name}</a> <a href="?story=${name}&theme=dark">dark</a></p>`).join("");
}

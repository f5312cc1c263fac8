// Folders as a tree that loads as it is opened, with a search: those of Nuxeo
// unless another source is given.

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Folder, type Problem, aborted, get, problemOf } from "./api.js";
import { notice } from "./dialog.js";
import { arrow, folder as folderIcon, search } from "./icons.js";
import { inline } from "./inline.js";
import { base, controls } from "./styles.js";
import { t } from "./i18n.js";

/** A folder that was picked; detail is its uid. */
export const pickedEvent = "nxf-picked";

/** The folders directly in one. */
export interface Level {
  folders: Pick<Folder, "uid" | "title" | "path">[];
  more: boolean;
}

/** Where the folders of a tree come from; the outermost are those in "". */
export interface Source {
  level(parent: string): Promise<Level>;
  /** Folders by words; known are those that the tree has loaded. */
  search(words: string, known: Level[], signal: AbortSignal): Promise<Level>;
}

const ofNuxeo: Source = {
  level: (parent) => get<Level>("/folders", { parent }),
  search: (words, _known, signal) => get<Level>("/folders", { search: words }, signal),
};

/** Searches what is loaded, for sources that cannot be asked. */
export function among(words: string, known: Level[]): Level {
  const wanted = words.toLocaleLowerCase();
  return {
    folders: known.flatMap((l) => l.folders).filter((f) => f.title.toLocaleLowerCase().includes(wanted)), more: false,
  };
}

interface Row {
  folder: Level["folders"][number];
  depth: number;
  at: number;
  of: number;
}

const waitBeforeSearch = 250; // ms
const shortestSearch = 2;

@define("nxf-folder-tree")
export class FolderTree extends LitElement {
  static override styles = [
    base, controls,
    css`
      .find { position: relative; margin-bottom: 0.6rem; }
      .find svg { position: absolute; left: 0.6rem; top: 0.75rem; color: var(--soft); width: 1.1rem; height: 1.1rem; }
      .find input { padding-left: 2.1rem; }
      [role="treeitem"], [role="option"] {
        display: flex; gap: 0.4rem; align-items: center; padding: 0.3rem 0.4rem; border-radius: 6px; cursor: pointer;
        min-width: 0;
      }
      [role="treeitem"]:hover, [role="option"]:hover { background: var(--hover); }
      [aria-selected="true"] { background: var(--hover); font-weight: 600; }
      .turn { width: 1.2rem; display: grid; place-items: center; flex: none; transition: rotate 0.15s; }
      [aria-expanded="true"] > .turn { rotate: 90deg; }
      .turn svg { width: 1rem; height: 1rem; }
      .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      .icon { color: var(--soft); flex: none; display: flex; }
    `,
  ];

  @property({ attribute: false }) source: Source = ofNuxeo;
  /** The uid of the folder that is shown. */
  @property() selected = "";
  /** The uids on the way to it, which are opened. */
  @property({ attribute: false }) way: string[] = [];

  @state() private levels = new Map<string, Level>();
  @state() private open = new Set<string>();
  @state() private found: Level | undefined;
  @state() private words = "";
  @state() private problem: Problem | undefined;
  @state() private focused = "";
  private searching = new AbortController();
  private timer = 0;

  protected override willUpdate(changes: PropertyValues): void {
    if (changes.has("source")) {
      [this.levels, this.open, this.found] = [new Map(), new Set(), undefined];
      void this.load("");
    }
    if (changes.has("way")) for (const uid of this.way) void this.expand(uid);
    if (changes.has("selected") && this.selected) this.focused = this.selected;
  }

  /** Reads a folder's folders again, and opens it. */
  async refresh(uid: string): Promise<void> {
    await this.load(uid);
    await this.expand(uid);
  }

  private async load(parent: string): Promise<void> {
    try {
      const level = await this.source.level(parent);
      this.levels = new Map(this.levels).set(parent, level);
      this.problem = undefined;
    } catch (thrown) {
      this.problem = problemOf(thrown);
    }
  }

  private async expand(uid: string): Promise<void> {
    if (this.open.has(uid)) return;
    this.open = new Set(this.open).add(uid);
    if (!this.levels.has(uid)) await this.load(uid);
  }

  private collapse(uid: string): void {
    this.open = new Set([...this.open].filter((u) => u !== uid));
  }

  private pick(uid: string): void {
    this.focused = uid;
    this.dispatchEvent(new CustomEvent(pickedEvent, { detail: uid, bubbles: true, composed: true }));
  }

  private rows(parent = "", depth = 1): Row[] {
    const level = this.levels.get(parent);
    return (level?.folders ?? []).flatMap((folder, n, all) => [
      { folder, depth, at: n + 1, of: all.length },
      ...(this.open.has(folder.uid) ? this.rows(folder.uid, depth + 1) : []),
    ]);
  }

  private write(event: Event): void {
    this.words = (event.target as HTMLInputElement).value.trim();
    window.clearTimeout(this.timer);
    this.searching.abort();
    if (this.words.length < shortestSearch) this.found = undefined;
    else this.timer = window.setTimeout(() => void this.search(), waitBeforeSearch);
  }

  private async search(): Promise<void> {
    this.searching = new AbortController();
    try {
      this.found = await this.source.search(this.words, [...this.levels.values()], this.searching.signal);
    } catch (thrown) {
      if (!aborted(thrown)) this.problem = problemOf(thrown);
    }
  }

  protected override render(): TemplateResult {
    const hint = t("frameio.tree.search");
    return html`<div class="find">${search}
        <input type="search" aria-label=${hint} placeholder=${hint} maxlength="200" @input=${this.write}></div>
      ${this.problem ? notice(this.problem, () => void this.load("")) : nothing}
      ${this.found ? this.results(this.found) : this.problem && !this.levels.size ? nothing : this.tree()}`;
  }

  private results(found: Level): TemplateResult {
    if (!found.folders.length) return html`<p class="soft" role="status">${t("frameio.tree.nothing")}</p>`;
    return html`<ul aria-label=${t("frameio.tree.results")}>
      ${found.folders.map((f) => html`<li><button class="plain" title=${f.path} @click=${() => this.pick(f.uid)}>
        ${folderIcon}<span class="wrap">${f.title}</span></button></li>`)}</ul>
      ${found.more ? html`<p class="small soft">${t("frameio.tree.more")}</p>` : nothing}`;
  }

  private tree(): TemplateResult {
    if (!this.levels.has("")) return html`<p class="soft" role="status">${t("frameio.loading")}</p>`;
    const rows = this.rows();
    if (!rows.length) return html`<p class="soft">${t("frameio.tree.empty")}</p>`;
    const current = rows.some((r) => r.folder.uid === this.focused) ? this.focused : rows[0]!.folder.uid;
    return html`<div role="tree" aria-label=${t("frameio.tree")} @keydown=${this.key}>
      ${rows.map((row) => this.item(row, current))}</div>
      ${this.levels.get("")!.more ? html`<p class="small soft">${t("frameio.tree.more")}</p>` : nothing}`;
  }

  private item({ folder, depth, at, of }: Row, current: string): TemplateResult {
    const known = this.levels.get(folder.uid);
    const leaf = known && !known.folders.length;
    const expanded = this.open.has(folder.uid);
    const turn = (e: Event): void => {
      e.stopPropagation();
      if (expanded) this.collapse(folder.uid);
      else void this.expand(folder.uid);
    };
    return html`<div role="treeitem" data-uid=${folder.uid} aria-level=${depth} aria-setsize=${of} aria-posinset=${at}
      aria-selected=${folder.uid === this.selected} aria-expanded=${leaf ? nothing : expanded}
      tabindex=${folder.uid === current ? 0 : -1} title=${folder.title}
      .style=${inline({ "padding-inline-start": `${0.4 + (Math.min(depth, 12) - 1) * 0.9}rem` })}
      @click=${() => this.pick(folder.uid)}>
      <span class="turn" @click=${turn}>${leaf ? nothing : arrow}</span><span class="icon">${folderIcon}</span>
      <span class="name">${folder.title}</span></div>`;
  }

  // The keys of a tree, as assistive technology expects them.
  private key(event: KeyboardEvent): void {
    const rows = this.rows();
    const at = rows.findIndex((r) => r.folder.uid === (event.target as HTMLElement).dataset["uid"]);
    const row = rows[at];
    if (!row) return;
    const { uid } = row.folder;
    const go: Record<string, () => void> = {
      ArrowDown: () => this.focusRow(rows[at + 1]),
      ArrowUp: () => this.focusRow(rows[at - 1]),
      Home: () => this.focusRow(rows[0]),
      End: () => this.focusRow(rows.at(-1)),
      ArrowRight: () => (this.open.has(uid) ? this.focusRow(rows[at + 1]) : void this.expand(uid)),
      ArrowLeft: () => (this.open.has(uid)
        ? this.collapse(uid)
        : this.focusRow(rows.slice(0, at).findLast((r) => r.depth < row.depth))),
      Enter: () => this.pick(uid),
      " ": () => this.pick(uid),
    };
    if (!go[event.key]) return;
    event.preventDefault();
    go[event.key]!();
  }

  private focusRow(row: Row | undefined): void {
    if (!row) return;
    this.focused = row.folder.uid;
    void this.updateComplete.then(
      () => this.renderRoot.querySelector<HTMLElement>(`[data-uid="${CSS.escape(row.folder.uid)}"]`)?.focus(),
    );
  }
}

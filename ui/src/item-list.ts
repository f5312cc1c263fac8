// A list of items of any length: only the rows in sight are in the page, pages
// are fetched as one scrolls, and changes arrive by themselves.

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { define } from "./define.js";
import { type Item, type Problem, aborted, get, problemOf } from "./api.js";
import { notice } from "./dialog.js";
import { notShown } from "./paged.js";
import { listen } from "./events.js";
import "./item-row.js";
import { stateWord } from "./item-words.js";
import { inline } from "./inline.js";
import { base, controls } from "./styles.js";
import { t } from "./i18n.js";

const rowHeight = 68; // px
const beyond = 8; // rows kept above and below what is in sight
const page = 200;
const flushEvery = 250; // ms; several changes are shown at once

/** Something has become a document in the meantime. */
export const arrivedEvent = "nxf-arrived";

@define("nxf-item-list")
export class ItemList extends LitElement {
  static override styles = [
    base, controls,
    css`
      .view { overflow: auto; max-height: var(--nxf-list-height, min(65vh, 42rem)); border: 1px solid var(--line); border-radius: 10px; background: var(--box); }
      .all { position: relative; }
      nxf-item-row { position: absolute; inset-inline: 0; height: 68px; }
      .empty { padding: 2rem 1rem; text-align: center; color: var(--soft); border: 1px dashed var(--line); border-radius: 10px; }
    `,
  ];

  /** What to list, as parameters of GET /items. */
  @property({ attribute: false }) query: Record<string, string | undefined> = {};
  /** What to say when there is nothing. */
  @property() empty = "";
  @property() label = "";
  /** Whether rows name whose item it is. */
  @property({ type: Boolean }) owners = false;

  @state() private items: Item[] | undefined;
  @state() private problem: Problem | undefined;
  @state() private top = 0;
  @state() private height = 600;
  @state() private live = true;
  @state() private said = "";
  private next: string | undefined;
  private unshown = 0;
  private loading = false;
  private stop = new AbortController();
  private news = new Map<string, Item>();
  private flushing = 0;
  private asked = "";

  private readonly refresh = () => void this.begin();

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("nxf-changed", this.refresh);
    if (this.hasUpdated) void this.begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("nxf-changed", this.refresh);
    window.clearTimeout(this.flushing);
    this.flushing = 0;
    this.stop.abort();
  }

  protected override willUpdate(changes: PropertyValues): void {
    if (!changes.has("query") || JSON.stringify(this.query) === this.asked) return;
    this.items = undefined;
    void this.begin();
  }

  private async begin(): Promise<void> {
    this.stop.abort();
    this.stop = new AbortController();
    this.asked = JSON.stringify(this.query);
    this.problem = this.next = undefined;
    this.loading = false;
    const signal = this.stop.signal;
    // What changes while the list is on its way is kept until it is there.
    listen({ item: (item) => this.hear(item), connected: (yes) => !signal.aborted && (this.live = yes) }, signal);
    await this.fetch(signal);
  }

  private async fetch(signal: AbortSignal): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    try {
      const answer = await get<{ items: Item[]; next?: string; hidden?: number }>("/items", { ...this.query, cursor: this.next, limit: page }, signal);
      this.unshown = (this.next ? this.unshown : 0) + (answer.hidden ?? 0);
      const before = this.next ? (this.items ?? []) : [];
      this.items = [...before, ...answer.items];
      this.next = answer.next;
      this.flush();
      if (!this.items.length && this.next) window.setTimeout(() => void this.fetch(signal)); // all of the page is hidden
    } catch (thrown) {
      if (!aborted(thrown)) this.problem = problemOf(thrown);
    } finally {
      if (!signal.aborted) this.loading = false;
    }
  }

  // Changes are gathered, so that fifty that move at once are one update.
  private hear(item: Item): void {
    if (!this.mine(item)) return;
    this.news.set(item.id, item);
    this.flushing ||= window.setTimeout(() => this.flush(), flushEvery);
  }

  private mine(item: Item): boolean {
    const { state, kind, binding, parent } = this.query;
    if (binding && item.binding !== binding) return false;
    if (parent && item.parent !== parent) return false;
    if (kind && item.kind !== kind) return false;
    return !state || item.state === state || Boolean(this.items?.some((i) => i.id === item.id));
  }

  private flush(): void {
    window.clearTimeout(this.flushing);
    this.flushing = 0;
    if (!this.items || !this.news.size) return;
    const news = this.news;
    this.news = new Map();
    const over = new Set(this.items.filter((item) => item.state === "done").map((item) => item.id));
    if ([...news.values()].some((item) => item.state === "done" && item.document && !over.has(item.id))) {
      this.dispatchEvent(new CustomEvent(arrivedEvent, { bubbles: true, composed: true }));
    }
    const items = this.items.map((item) => {
      const changed = news.get(item.id);
      news.delete(item.id);
      if (changed && Date.parse(changed.updated) < Date.parse(item.updated)) return item; // the list is newer
      if (changed?.finished && !item.finished) this.said = t("frameio.items.ended", changed.title, stateWord(changed));
      return changed ?? item;
    });
    const added = [...news.values()].filter((item) => !this.query["state"] || item.state === this.query["state"]);
    added.sort((a, b) => Date.parse(b.created) - Date.parse(a.created));
    this.items = [...added, ...items];
  }

  private scrolled(event: Event): void {
    const view = event.target as HTMLElement;
    [this.top, this.height] = [view.scrollTop, view.clientHeight];
    const last = Math.ceil((this.top + this.height) / rowHeight) + 2 * beyond;
    if (this.next && last >= (this.items?.length ?? 0)) void this.fetch(this.stop.signal);
  }

  protected override render(): TemplateResult {
    if (this.problem) return notice(this.problem, this.refresh);
    if (!this.items) return html`<p role="status" class="soft">${t("frameio.loading")}</p>`;
    if (!this.items.length) return html`<p class="empty">${this.empty || t("frameio.items.none")}</p>${notShown(this.unshown)}`;
    const first = Math.max(0, Math.floor(this.top / rowHeight) - beyond);
    const last = Math.min(this.items.length, Math.ceil((this.top + this.height) / rowHeight) + beyond);
    const total = this.next ? -1 : this.items.length;
    return html`<p class="unseen" role="status">${this.said}</p>${this.live ? nothing : html`<p class="small warn" role="status">${t("frameio.items.notLive")}</p>`}
      <div class="view" tabindex="0" role="group" aria-label=${this.label || t("frameio.items.label")} @scroll=${{ handleEvent: (e: Event) => this.scrolled(e), passive: true }}>
        <div class="all" role="list" .style=${inline({ height: `${this.items.length * rowHeight}px` })}>
          ${repeat(this.items.slice(first, last), (item) => item.id, (item, n) => html`<nxf-item-row role="listitem" aria-setsize=${total} aria-posinset=${first + n + 1}
            .style=${inline({ top: `${(first + n) * rowHeight}px` })} .item=${item} .owners=${this.owners}></nxf-item-row>`)}
        </div>
      </div>${notShown(this.unshown)}`;
  }
}

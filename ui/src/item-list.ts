// A list of items of any length: only the rows in sight are in the page, pages
// are fetched as one scrolls, and changes arrive by themselves.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { define } from "./define.js";
import { type Item, get } from "./api.js";
import { listen } from "./events.js";
import "./item-row.js";
import { stateWord } from "./item-words.js";
import { inline } from "./inline.js";
import { Paged, type Page, notShown } from "./paged.js";
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
      .view {
        overflow: auto; max-height: var(--nxf-list-height, min(65vh, 42rem)); border: 1px solid var(--line);
        border-radius: 10px; background: var(--box);
      }
      .all { position: relative; }
      nxf-item-row { position: absolute; inset-inline: 0; height: 68px; }
      .empty {
        padding: 2rem 1rem; text-align: center; color: var(--soft); border: 1px dashed var(--line); border-radius: 10px;
      }
    `,
  ];

  /** What to list, as parameters of GET /items. */
  @property({ attribute: false }) query: Record<string, string | undefined> = {};
  /** What to say when there is nothing. */
  @property() empty = "";
  @property() label = "";
  /** Whether rows name whose item it is. */
  @property({ type: Boolean }) owners = false;

  @state() private top = 0;
  @state() private height = 600;
  @state() private live = true;
  @state() private said = "";
  private news = new Map<string, Item>();
  private flushing = 0;
  // What changes while the list is on its way is kept until it is there.
  private readonly list = new Paged<Item>(this, (cursor, signal) => this.page(cursor, signal), {
    key: () => JSON.stringify(this.query),
    begin: (signal) => {
      this.top = 0; // the view begins anew, too
      listen({ item: (item) => this.hear(item), connected: (yes) => (this.live = yes) }, signal);
    },
    came: () => this.flush(),
  });

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.flushing);
    this.flushing = 0;
  }

  // The next page with anything in it that this person may see.
  private async page(cursor: string | undefined, signal: AbortSignal): Promise<Page<Item>> {
    for (let hidden = 0; ; ) {
      const answer = await get<Page<Item>>("/items", { ...this.query, cursor, limit: page }, signal);
      hidden += answer.hidden ?? 0;
      if (answer.items.length || !answer.next) return { ...answer, hidden };
      cursor = answer.next;
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
    return !state || item.state === state || this.list.items.some((i) => i.id === item.id);
  }

  private flush(): void {
    window.clearTimeout(this.flushing);
    this.flushing = 0;
    if (!this.list.value || !this.news.size) return;
    const { news, list: { items: known } } = this;
    this.news = new Map();
    const over = new Set(known.filter((item) => item.state === "done").map((item) => item.id));
    if ([...news.values()].some((item) => item.state === "done" && item.document && !over.has(item.id))) {
      this.dispatchEvent(new CustomEvent(arrivedEvent, { bubbles: true, composed: true }));
    }
    const items = known.map((item) => {
      const changed = news.get(item.id);
      news.delete(item.id);
      if (changed && Date.parse(changed.updated) < Date.parse(item.updated)) return item; // the list is newer
      if (changed?.finished && !item.finished) this.said = t("frameio.items.ended", changed.title, stateWord(changed));
      return changed ?? item;
    });
    const added = [...news.values()].filter((item) => !this.query["state"] || item.state === this.query["state"]);
    added.sort((a, b) => Date.parse(b.created) - Date.parse(a.created));
    this.list.items = [...added, ...items];
  }

  private scrolled(event: Event): void {
    const view = event.target as HTMLElement;
    [this.top, this.height] = [view.scrollTop, view.clientHeight];
    const last = Math.ceil((this.top + this.height) / rowHeight) + 2 * beyond;
    if (last >= this.list.items.length) void this.list.further();
  }

  protected override render(): unknown {
    return this.list.show((list) => this.rows(list));
  }

  private rows({ items, next, hidden }: Page<Item>): TemplateResult {
    if (!items.length) return html`<p class="empty">${this.empty || t("frameio.items.none")}</p>${notShown(hidden)}`;
    const first = Math.max(0, Math.floor(this.top / rowHeight) - beyond);
    const last = Math.min(items.length, Math.ceil((this.top + this.height) / rowHeight) + beyond);
    const total = next ? -1 : items.length;
    return html`<p class="unseen" role="status">${this.said}</p>
      ${this.live ? nothing : html`<p class="small warn" role="status">${t("frameio.items.notLive")}</p>`}
      <div class="view" tabindex="0" role="group" aria-label=${this.label || t("frameio.items.label")}
        @scroll=${{ handleEvent: (e: Event) => this.scrolled(e), passive: true }}>
        <div class="all" role="list" .style=${inline({ height: `${items.length * rowHeight}px` })}>
          ${repeat(items.slice(first, last), (item) => item.id, (item, n) => html`<nxf-item-row role="listitem"
            aria-setsize=${total} aria-posinset=${first + n + 1} .item=${item} .owners=${this.owners}
            .style=${inline({ top: `${(first + n) * rowHeight}px` })}></nxf-item-row>`)}
        </div>
      </div>${notShown(hidden)}`;
  }
}

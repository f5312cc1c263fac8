// A list of items of any length: only the rows in sight are in the page, pages
// are fetched as one scrolls, and changes arrive by themselves.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { define } from "./define.js";
import { type Item, type Schemas, change, get } from "./api.js";
import { complain } from "./dialog.js";
import { listen } from "./events.js";
import "./item-row.js";
import { toast } from "./host.js";
import { canCancel, canRetry, stateWord } from "./item-words.js";
import { inline } from "./inline.js";
import { Paged, type Page, notShown } from "./paged.js";
import { base, controls } from "./styles.js";
import { count, t } from "./i18n.js";

const rowHeight = 68; // px
const beyond = 8; // rows kept above and below what is in sight
const page = 200;
const most = 500; // items that one call changes
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
      .chosen { margin-bottom: 0.4rem; min-height: 2.2rem; }
      .chosen button { padding: 0.2rem 0.7rem; font-size: 0.85rem; }
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
  /** Whether several can be selected, to be retried or cancelled. */
  @property({ type: Boolean }) selectable = false;

  @state() private selected: ReadonlySet<string> = new Set();
  @state() private busy = false;
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
      this.selected = new Set();
      this.news = new Map(); // it was heard for another list
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
    const { state, kind, binding, parent, search, person, without, housekeeping } = this.query;
    if (item.housekeeping && !housekeeping && !kind) return false;
    if (without?.split(",").includes(item.parent)) return false;
    if (search && !item.title.toLowerCase().includes(search.toLowerCase())) return false;
    if (person && item.owner !== person && item.actor !== person) return false;
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

  private select(id: string, yes: boolean): void {
    const selected = new Set(this.selected);
    if (yes) selected.add(id);
    else selected.delete(id);
    this.selected = selected;
  }

  // What is selected changes its state under one's hands: the connector leaves alone what does not fit any more.
  private async do(what: "retry" | "cancel", items: Item[]): Promise<void> {
    this.busy = true;
    try {
      let n = 0;
      for (let at = 0; at < items.length; at += most) {
        const ids = items.slice(at, at + most).map((item) => item.id);
        n += (await change<Schemas["Changed"]>("POST", `/items/${what}`, { items: ids })).changed;
      }
      this.selected = new Set();
      toast(this, count(what === "retry" ? "frameio.retrying" : "frameio.canceling", n));
      await this.list.refresh();
    } catch (thrown) {
      complain(this, thrown);
    } finally {
      this.busy = false;
    }
  }

  private selection(items: Item[]): TemplateResult {
    const able = items.filter((item) => canRetry(item) || canCancel(item));
    const those = able.filter((item) => this.selected.has(item.id));
    const button = (what: "retry" | "cancel", some: Item[]): TemplateResult | typeof nothing =>
      (some.length
        ? html`<button ?disabled=${this.busy} @click=${() => void this.do(what, some)}>
          ${count(`frameio.selected.${what}`, some.length)}</button>`
        : nothing);
    return html`<div class="row chosen"><label class="option"><input type="checkbox" ?disabled=${!able.length}
        .checked=${able.length > 0 && those.length === able.length}
        .indeterminate=${those.length > 0 && those.length < able.length}
        @change=${(e: Event) => {
          const all = (e.target as HTMLInputElement).checked ? able.map((item) => item.id) : [];
          this.selected = new Set(all);
        }}>${t("frameio.select.all")}</label>
      <span class="soft" role="status">${those.length ? count("frameio.selected", those.length) : nothing}</span>
      ${button("retry", those.filter(canRetry))} ${button("cancel", those.filter(canCancel))}</div>`;
  }

  private rows({ items, next, hidden }: Page<Item>): TemplateResult {
    if (!items.length) return html`<p class="empty">${this.empty || t("frameio.items.none")}</p>${notShown(hidden)}`;
    const first = Math.max(0, Math.floor(this.top / rowHeight) - beyond);
    const last = Math.min(items.length, Math.ceil((this.top + this.height) / rowHeight) + beyond);
    const total = next ? -1 : items.length;
    return html`<p class="unseen" role="status">${this.said}</p>
      ${this.live ? nothing : html`<p class="small warn" role="status">${t("frameio.items.notLive")}</p>`}
      ${this.selectable ? this.selection(items) : nothing}
      <div class="view" tabindex="0" role="group" aria-label=${this.label || t("frameio.items.label")}
        @scroll=${{ handleEvent: (e: Event) => this.scrolled(e), passive: true }}>
        <div class="all" role="list" .style=${inline({ height: `${items.length * rowHeight}px` })}>
          ${repeat(items.slice(first, last), (item) => item.id, (item, n) => html`<nxf-item-row role="listitem"
            aria-setsize=${total} aria-posinset=${first + n + 1} .item=${item} .owners=${this.owners}
            ?selectable=${this.selectable} .selected=${this.selected.has(item.id)}
            @nxf-select=${(e: CustomEvent<boolean>) => this.select(item.id, e.detail)}
            .style=${inline({ top: `${(first + n) * rowHeight}px` })}></nxf-item-row>`)}
        </div>
      </div>${notShown(hidden)}`;
  }
}

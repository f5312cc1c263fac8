// One item as a row of a list: what, how far, and what can be done about it.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Item, problemOf } from "./api.js";
import { date } from "./format.js";
import { since } from "./since.js";
import { documentAddress, itemAddress, ownPages, toast } from "./host.js";
import { ask, bar, canCancel, canRetry, kindWord, line, stateIcon } from "./item-words.js";
import { base, controls } from "./styles.js";
import { t } from "./i18n.js";

@define("nxf-item-row")
export class ItemRow extends LitElement {
  static override styles = [
    base, controls,
    css`
      :host {
        display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: 0 0.8rem; align-items: center;
        padding: 0 0.9rem; border-bottom: 1px solid var(--line); container-type: inline-size; overflow: hidden;
      }
      :host([selectable]) { grid-template-columns: auto auto minmax(0, 1fr) auto; }
      .title, .line { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; display: block; }
      .title { font-weight: 600; color: var(--text); text-decoration: none; }
      .title:hover { text-decoration: underline; }
      svg { display: block; }
      button { padding: 0.2rem 0.7rem; font-size: 0.85rem; }
      .end { display: flex; gap: 0.6rem; align-items: center; }
      progress { margin-top: 3px; }
      @container (max-width: 30rem) { time, .open { display: none; } }
    `,
  ];

  @property({ attribute: false }) item!: Item;
  @property({ attribute: false }) owners = false;
  /** Whether it can be selected, and is. */
  @property({ type: Boolean }) selectable = false;
  @property({ attribute: false }) selected = false;
  @state() private busy = false;

  protected override render(): TemplateResult {
    const { item } = this;
    const whose = this.owners ? ` · ${item.owner}` : "";
    return html`${this.selectable ? this.box() : nothing}${stateIcon(item)}
      <span class="grow">
        <a class="title" href=${itemAddress(item.id)} target=${ownPages()} title=${item.title}>${item.title}</a>
        <span class="line small ${item.state === "failed" ? "bad" : "soft"}"
          title=${line(item)}>${item.kind === "publish" ? "" : `${kindWord(item)} · `}${line(item)}${whose}</span>
        ${bar(item)}</span>
      <span class="end">
        <time class="small soft" datetime=${item.updated}
          title=${date(item.updated)}>${since(item.finished ?? item.created)}</time>
        ${item.document
          ? html`<a class="small open" href=${documentAddress(item.document)}>${t("frameio.item.document")}<span
            class="unseen"> ${item.title}</span></a>`
          : nothing}
        ${canRetry(item) ? this.button("retry") : canCancel(item) ? this.button("cancel") : nothing}
      </span>`;
  }

  // What has ended well cannot be changed, and need not be selected.
  private box(): TemplateResult {
    const { item } = this;
    return html`<input type="checkbox" .checked=${this.selected} ?disabled=${!canRetry(item) && !canCancel(item)}
      aria-label=${t("frameio.select", item.title)} @change=${(e: Event) => {
        this.dispatchEvent(new CustomEvent("nxf-select", { detail: (e.target as HTMLInputElement).checked }));
      }}>`;
  }

  private button(what: "retry" | "cancel"): TemplateResult {
    return html`<button ?disabled=${this.busy} @click=${() => void this.do(what)}>
      ${t(`frameio.${what}`)}<span class="unseen"> ${this.item.title}</span></button>`;
  }

  private async do(what: "retry" | "cancel"): Promise<void> {
    this.busy = true;
    try {
      this.item = await ask(this.item, what);
    } catch (thrown) {
      toast(this, problemOf(thrown).message);
    } finally {
      this.busy = false;
    }
  }
}

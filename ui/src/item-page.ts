// One item with its history: where the link of a mail leads.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define.js";
import { type Item, get, path } from "./api.js";
import { watch } from "./events.js";
import { date } from "./format.js";
import { documentAddress } from "./host.js";
import {
  ask, bar, canCancel, canRetry, detailWord, eventWord, kindWord, line, stateIcon, stateWord, took,
} from "./item-words.js";
import { Loader } from "./loader.js";
import { base, controls } from "./styles.js";
import { t } from "./i18n.js";

const link = (document: string): TemplateResult =>
  html`<a href=${documentAddress(document)}>${t("frameio.item.open")}</a>`;

/** What happened, and more on it, if there is any: no colon leads to nothing. */
function happened({ event, detail }: NonNullable<Item["history"]>[number]): unknown {
  if (!detail) return eventWord(event).replace(/:$/, "");
  return html`${eventWord(event)} <span class="soft">${detailWord(event, detail)}</span>`;
}

@define("nxf-item-page")
export class ItemPage extends LitElement {
  static override styles = [
    base, controls,
    css`
      h1.row { flex-wrap: nowrap; align-items: flex-start; }
      ol { margin: 0; padding: 0; list-style: none; display: grid; gap: 0.5rem; }
      li { display: grid; grid-template-columns: 11rem minmax(0, 1fr); gap: 0 1rem; }
      @media (max-width: 40rem) { li { grid-template-columns: minmax(0, 1fr); } }
    `,
  ];

  @property() item = "";
  private watched: AbortSignal | undefined;
  private readonly page = new Loader<Item>(this, {
    key: () => this.item,
    load: async (id, signal) => {
      const item = await get<Item>(path("items", id), {}, signal);
      if (signal !== this.watched) {
        void watch({ item: id }, { item: (item) => this.hear(item) }, (this.watched = signal));
      }
      return item;
    },
    deaf: true,
  });

  // The history comes only when asked for, so it is asked for at each turn.
  private hear(item: Item): void {
    const before = this.page.value;
    this.page.take({ ...item, history: before?.history ?? [] });
    if (before?.state !== item.state || before?.step !== item.step) void this.page.refresh();
  }

  protected override render(): TemplateResult {
    const instead = this.page.instead();
    if (instead) return html`<div class="stack"><h1>${t("frameio.activity")}</h1>${instead}</div>`;
    const item = this.page.value!;
    return html`<div class="stack">
      <div class="row between"><h1 class="row grow">${stateIcon(item)}<span class="wrap">${item.title}</span></h1>
        ${this.buttons(item)}</div>
      <section class="card stack" aria-label=${t("frameio.item.state")}>
        ${item.state === "failed" || (item.message && item.state !== "running")
          ? this.reason(item)
          : html`<p role="status">${line(item)}</p>`}
        ${bar(item)} ${this.facts(item)}
      </section>
      ${item.history?.length ? this.history(item.history) : nothing}
    </div>`;
  }

  private reason(item: Item): TemplateResult {
    return html`<div class="notice ${item.state === "failed" ? "wrong" : ""}">
      <strong class="wrap">${item.message}</strong>
      ${item.remedy ? html`<span class="wrap">${item.remedy}</span>` : nothing}</div>`;
  }

  private facts(item: Item): TemplateResult {
    const rows: [string, unknown][] = [
      ["frameio.item.what", kindWord(item)], ["frameio.item.state", stateWord(item)],
      ["frameio.item.owner", item.owner],
      ["frameio.item.actor", item.actor !== item.owner ? item.actor : ""], ["frameio.item.created", date(item.created)],
      ["frameio.item.notBefore", item.state === "waiting" ? date(item.not_before) : ""],
      ["frameio.item.finished", date(item.finished)], ["frameio.item.took", took(item)],
      ["frameio.item.document", item.document ? link(item.document) : ""],
      ["frameio.item.correlation", item.correlation],
    ];
    return html`<dl>${rows.map(([key, value]) => (value ? html`<dt>${t(key)}</dt><dd>${value}</dd>` : nothing))}</dl>`;
  }

  private history(events: NonNullable<Item["history"]>): TemplateResult {
    return html`<section class="card stack"><h2>${t("frameio.item.history")}</h2>
      <ol>${events.map((e) => html`<li><time class="soft" datetime=${e.at}>${date(e.at)}</time>
        <span class="wrap">${happened(e)}</span></li>`)}</ol></section>`;
  }

  private buttons(item: Item): TemplateResult | typeof nothing {
    const what = canRetry(item) ? "retry" : canCancel(item) ? "cancel" : undefined;
    return what ? html`<button class=${what === "retry" ? "primary" : ""} @click=${() => void this.do(item, what)}>
      ${t(`frameio.${what}`)}</button>` : nothing;
  }

  private async do(item: Item, what: "retry" | "cancel"): Promise<void> {
    try {
      this.page.take({ ...(await ask(item, what)), history: item.history ?? [] });
      await this.page.refresh();
    } catch (thrown) {
      this.page.fail(thrown);
    }
  }
}

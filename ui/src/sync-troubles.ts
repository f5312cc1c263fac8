// What of a synchronization wants attention: assets that both sides changed, with
// both sides of them, those that could not be brought, and those that are gone.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define.js";
import { type Item, type Schemas, change, get, path } from "./api.js";
import { complain } from "./dialog.js";
import { date, size } from "./format.js";
import { changed, documentAddress, folderAddress, safeLink, toast } from "./host.js";
import { care, cross, dash, out } from "./icons.js";
import { Paged } from "./paged.js";
import { base, controls } from "./styles.js";
import { type Sync, troubles } from "./sync-words.js";
import { t } from "./i18n.js";

type Entry = Schemas["SyncEntry"];
type Use = "nuxeo" | "frameio" | "both";

const page = 20;

@define("nxf-sync-troubles")
export class SyncTroubles extends LitElement {
  static override styles = [
    base, controls,
    css`
      li {
        display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 0.8rem; padding: 0.7rem 0;
        border-bottom: 1px solid var(--line);
      }
      li:last-child { border: 0; padding-bottom: 0; }
      svg { display: block; margin-top: 0.1rem; }
      .links { margin-top: 0.2rem; }
      .settle { margin-top: 0.6rem; }
      .sides {
        display: grid; grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); gap: 0.6rem;
        margin-top: 0.6rem;
      }
      .side {
        border: 1px solid var(--line); border-radius: 8px; padding: 0.6rem 0.8rem; background: var(--tint);
        display: grid; gap: 0.15rem; align-content: start; grid-template-columns: minmax(0, 1fr);
      }
    `,
  ];

  @property({ attribute: false }) sync!: Sync;
  private readonly tried = new Set<string>();
  private readonly list = new Paged<Entry>(this, async (cursor) => {
    const { entries, next, hidden } = await get<{ entries: Entry[]; next?: string; hidden?: number }>(
      `${path("syncs", this.sync.id)}/troubles`, { cursor, limit: page },
    );
    return { items: entries, next, hidden };
  }, { revision: () => troubles(this.sync) });

  protected override render(): TemplateResult {
    return html`<section class="card stack tight" aria-label=${t("frameio.sync.troubles")}>
      <h2>${t("frameio.sync.troubles")}</h2>
      ${this.list.instead(t("frameio.sync.troubles.none"))
        ?? html`<ul>${this.list.items.map((e) => this.row(e))}</ul>${this.list.more()}`}</section>`;
  }

  private row(e: Entry): TemplateResult {
    const [picture, tone, why] = e.conflict
      ? [care, "warn", t("frameio.sync.conflict")]
      : e.problem
        ? [cross, "bad", e.problem]
        : [dash, "soft", t(e.kind === "folder" ? "frameio.sync.gone.folder" : "frameio.sync.gone.asset")];
    return html`<li><span class=${tone}>${picture}</span>
      <div><strong class="wrap">${e.name}</strong><br>
        <span class="wrap ${e.problem && !e.conflict ? "bad" : "soft"}">${why}</span>
        ${e.conflict ? this.conflict(e) : html`<div class="row small links">
          ${this.inNuxeo(e)}${e.problem ? this.again(e) : nothing}</div>`}</div></li>`;
  }

  private conflict(e: Entry): TemplateResult {
    const { nuxeo, frameio } = e;
    const there = safeLink(frameio?.view_url);
    const link = there
      ? html`<a class="row tight" href=${there} target="_blank" rel="noreferrer noopener">
        ${t("frameio.document.onFrameio")}<span class="unseen"> ${e.name}</span>${out}</a>`
      : nothing;
    return html`<div class="sides small">
        ${this.side("Nuxeo", nuxeo && [nuxeo.title, sized(nuxeo.size), changedBy(nuxeo.changed, nuxeo.by)],
          t("frameio.sync.unseen"), this.inNuxeo(e))}
        ${this.side("Frame.io", frameio && [frameio.name, sized(frameio.size), changedBy(frameio.changed)],
          t("frameio.sync.gone.asset"), link)}
      </div>${this.sync.may_change ? this.settling(e) : nothing}`;
  }

  private side(name: string, facts: string[] | undefined, otherwise: string, link: unknown): TemplateResult {
    const [title, ...more] = facts ?? [];
    const known = html`<strong class="wrap">${title}</strong>
      ${more.filter(Boolean).map((f) => html`<span class="wrap">${f}</span>`)}${link}`;
    return html`<div class="side" role="group" aria-label=${name}><span class="soft">${name}</span>
      ${facts ? known : html`<span>${otherwise}</span>`}</div>`;
  }

  private inNuxeo(e: Entry): TemplateResult | typeof nothing {
    if (!e.document) return nothing;
    const [address, label] = e.kind === "folder"
      ? [folderAddress(e.document), "frameio.sync.folder.open"]
      : [documentAddress(e.document), "frameio.item.open"];
    return html`<a href=${address}>${t(label)}<span class="unseen"> ${e.name}</span></a>`;
  }

  private settling(e: Entry): TemplateResult {
    const button = (use: Use, key: string): TemplateResult =>
      html`<button @click=${() => void this.settle(e, use)}>${t(key)}<span class="unseen"> ${e.name}</span></button>`;
    return html`<div class="row settle">${button("nuxeo", "frameio.sync.keep")}
      ${button("frameio", "frameio.sync.take")} ${button("both", "frameio.sync.both")}</div>`;
  }

  // What no item stands for is tried by the next run only.
  private again(e: Entry): TemplateResult | typeof nothing {
    if (e.item) {
      return html`<button class="small" @click=${() => void this.retry(e)}>
        ${t("frameio.retry")}<span class="unseen"> ${e.name}</span></button>`;
    }
    const how = this.tried.has(e.key) ? "frameio.sync.retried" : "frameio.sync.retry.refresh";
    return html`<span class="soft">${t(how)}</span>`;
  }

  private async settle(e: Entry, use: Use): Promise<void> {
    try {
      await change<Sync>("POST", `${path("syncs", this.sync.id)}/settle`, { key: e.key, use });
      toast(this, t(`frameio.sync.settled.${use}`, e.name));
      changed(this);
    } catch (thrown) {
      complain(this, thrown);
    }
  }

  private async retry(e: Entry): Promise<void> {
    try {
      await change<Item>("POST", path("items", e.item!, "retry"));
      this.tried.add(e.key);
      changed(this);
    } catch (thrown) {
      complain(this, thrown);
    }
  }
}

const sized = (bytes: number | undefined): string => (bytes === undefined ? "" : size(bytes));

function changedBy(when: string | undefined, by?: string): string {
  return when ? (by ? t("frameio.sync.changed.by", date(when), by) : t("frameio.sync.changed", date(when))) : "";
}

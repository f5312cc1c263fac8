// What of a synchronization wants attention: assets that could not be brought,
// those that both sides changed, and those that are gone.

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Schemas, change, get, path } from "./api.js";
import { complain } from "./dialog.js";
import { changed, documentAddress, folderAddress, safeLink, toast } from "./host.js";
import { care, cross, dash, out } from "./icons.js";
import { Paged } from "./paged.js";
import { base, controls } from "./styles.js";
import { type Sync, troubles } from "./sync-words.js";
import { t } from "./i18n.js";

type Entry = Schemas["SyncEntry"];
type Side = "nuxeo" | "frameio";

const page = 20;

@define("nxf-sync-troubles")
export class SyncTroubles extends LitElement {
  static override styles = [
    base, controls,
    css`
      li { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 0.8rem; padding: 0.7rem 0; border-bottom: 1px solid var(--line); }
      li:last-child { border: 0; padding-bottom: 0; }
      svg { display: block; margin-top: 0.1rem; }
      .settle { margin-top: 0.4rem; }
    `,
  ];

  @property({ attribute: false }) sync!: Sync;
  private readonly list = new Paged<Entry>(this, async (cursor) => {
    const { entries, next } = await get<{ entries: Entry[]; next?: string }>(`${path("syncs", this.sync.id)}/troubles`, { cursor, limit: page });
    return { items: entries, next };
  });

  protected override willUpdate(changes: PropertyValues): void {
    const before = changes.get("sync") as Sync | undefined;
    if (before && troubles(before) !== troubles(this.sync)) this.list.again();
  }

  protected override render(): TemplateResult {
    return html`<section class="card stack tight" aria-label=${t("frameio.sync.troubles")}><h2>${t("frameio.sync.troubles")}</h2>
      ${this.list.instead(t("frameio.sync.troubles.none")) ?? html`<ul>${this.list.items.map((e) => this.row(e))}</ul>${this.list.more()}`}</section>`;
  }

  private row(e: Entry): TemplateResult {
    const [picture, tone, why] = e.conflict ? [care, "warn", t("frameio.sync.conflict")] : e.problem ? [cross, "bad", e.problem] : [dash, "soft", t(e.kind === "folder" ? "frameio.sync.gone.folder" : "frameio.sync.gone.asset")];
    return html`<li><span class=${tone}>${picture}</span><div><strong class="wrap">${e.name}</strong><br><span class="wrap ${e.problem && !e.conflict ? "bad" : "soft"}">${why}</span>
      <div class="row small">${this.links(e)}</div>${e.conflict && this.sync.may_change ? this.settling(e) : nothing}</div></li>`;
  }

  private links(e: Entry): TemplateResult | typeof nothing {
    if (!e.document) return nothing;
    const [address, label] = e.kind === "folder" ? [folderAddress(e.document), "frameio.sync.folder.open"] : [documentAddress(e.document), "frameio.item.open"];
    return html`<a href=${address}>${t(label)}<span class="unseen"> ${e.name}</span></a>${e.conflict ? html`<nxf-asset-link .document=${e.document} .name=${e.name}></nxf-asset-link>` : nothing}`;
  }

  private settling(e: Entry): TemplateResult {
    const button = (use: Side, key: string): TemplateResult => html`<button @click=${() => void this.settle(e, use)}>${t(key)}<span class="unseen"> ${e.name}</span></button>`;
    return html`<div class="row settle">${button("nuxeo", "frameio.sync.keep")} ${button("frameio", "frameio.sync.take")}</div>`;
  }

  private async settle(e: Entry, use: Side): Promise<void> {
    try {
      await change<Sync>("POST", `${path("syncs", this.sync.id)}/settle`, { key: e.key, use });
      toast(this, t(`frameio.sync.settled.${use}`, e.name));
      changed(this);
    } catch (thrown) {
      complain(this, thrown);
    }
  }
}

/** A link to the asset of a document, which its page knows; nothing where it cannot be told. */
@define("nxf-asset-link")
export class AssetLink extends LitElement {
  static override styles = [base, css`:host { display: inline-flex; font-size: inherit; }`];

  @property() document = "";
  @property() name = "";
  @state() private address: string | undefined;

  protected override willUpdate(changes: PropertyValues): void {
    if (changes.has("document")) void this.load(this.document);
  }

  private async load(uid: string): Promise<void> {
    this.address = undefined;
    const detail = await get<Schemas["DocumentDetail"]>(path("documents", uid)).catch(() => undefined); // one does without
    if (uid === this.document) this.address = safeLink(detail?.asset?.view_url);
  }

  protected override render(): TemplateResult | typeof nothing {
    return this.address ? html`<a class="row tight" href=${this.address} target="_blank" rel="noreferrer noopener">${t("frameio.document.onFrameio")}<span class="unseen"> ${this.name}</span>${out}</a>` : nothing;
  }
}

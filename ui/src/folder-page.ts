// Folders on our own pages: the tree on one side, the chosen one on the other.

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Folder, type Schemas, get, path } from "./api.js";
import { notice } from "./dialog.js";
import "./document-tab.js";
import "./folder-tab.js";
import { folderAddress, navigate, safeLink } from "./host.js";
import { out } from "./icons.js";
import { Loader } from "./loader.js";
import "./start-page.js";
import { base, controls } from "./styles.js";
import "./tree.js";
import { t } from "./i18n.js";

@define("nxf-folder-page")
export class FolderPage extends LitElement {
  static override styles = [
    base, controls,
    css`
      :host {
        display: grid; gap: 1.5rem; grid-template-columns: minmax(13rem, 18rem) minmax(0, 1fr); align-items: start;
      }
      nav.side { position: sticky; top: 1rem; max-height: calc(100dvh - 2rem); overflow: auto; padding: 2px; }
      .crumbs {
        margin: 0; padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: 0.2rem 0.5rem; font-size: 0.85rem;
      }
      .crumbs li { overflow-wrap: anywhere; min-width: 0; }
      .crumbs li + li::before { content: "/"; color: var(--soft); margin-inline-end: 0.5rem; }
      details.side { display: none; }
      @media (max-width: 52rem) {
        :host { grid-template-columns: minmax(0, 1fr); }
        nav.side { display: none; }
        details.side { display: block; }
      }
      details.side summary { cursor: pointer; font-weight: 600; padding: 0.4rem 0; }
    `,
  ];

  /** The uid of the folder; empty at the start. */
  @property() folder = "";
  /** Or of a document. */
  @property() document = "";

  @state() private shown: Schemas["DocumentDetail"] | undefined;
  @state() private narrow = matchMedia("(max-width: 52rem)").matches;
  private readonly detail = new Loader<Schemas["FolderDetail"]>(this, {
    key: () => this.folder || undefined,
    load: (folder, signal) => get(path("folders", folder), {}, signal),
    deaf: true,
  });
  private readonly width = matchMedia("(max-width: 52rem)");
  private readonly turn = () => (this.narrow = this.width.matches);

  override connectedCallback(): void {
    super.connectedCallback();
    this.width.addEventListener("change", this.turn);
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.width.removeEventListener("change", this.turn);
  }

  protected override willUpdate(changes: PropertyValues): void {
    if (changes.has("document")) this.shown = undefined;
  }

  private get way(): Folder[] {
    return (this.document ? this.shown?.ancestors : this.detail.value?.ancestors) ?? [];
  }

  protected override render(): TemplateResult {
    const selected = this.document ? (this.shown?.folder ?? "") : this.folder;
    const tree = html`<nxf-folder-tree .selected=${selected} .way=${this.way.map((f) => f.uid)}
      @nxf-picked=${(e: CustomEvent<string>) => navigate(`/folders/${encodeURIComponent(e.detail)}`)}>
      </nxf-folder-tree>`;
    return html`${this.narrow
      ? html`<details class="side"><summary>${t("frameio.tree.choose")}</summary>${tree}</details>`
      : html`<nav class="side" aria-label=${t("frameio.tree")}>${tree}</nav>`}
      <div class="stack">${this.content()}</div>`;
  }

  private content(): TemplateResult {
    if (this.document) return this.ofDocument();
    return this.folder ? this.ofFolder() : html`<nxf-start-page></nxf-start-page>`;
  }

  private ofFolder(): TemplateResult {
    const { problem, refresh, value: d } = this.detail;
    if (problem) return html`<h1>${t("frameio.folder.gone")}</h1>${notice(problem, refresh)}`;
    return html`<div>${this.crumbs()}
      <div class="row between"><h1 class="wrap">${d?.title ?? t("frameio.loading")}</h1>
        ${d ? this.inNuxeo(d.nuxeo_url) : nothing}</div></div>
      <nxf-folder-tab .folder=${this.folder} .above=${d?.belongs_to} ?writable=${d?.can_bind}
        ?reader=${d && !d.can_bind}></nxf-folder-tab>`;
  }

  private ofDocument(): TemplateResult {
    return html`<div>${this.crumbs()}<h1 class="wrap">${this.shown?.title ?? t("frameio.item.document")}</h1></div>
      <nxf-document-tab .uid=${this.document}
        @nxf-detail=${(e: CustomEvent<Schemas["DocumentDetail"]>) => (this.shown = e.detail)}></nxf-document-tab>`;
  }

  private crumbs(): TemplateResult {
    return html`<nav aria-label=${t("frameio.crumbs")}>
      <ol class="crumbs">${this.way.map((f) => html`<li><a href=${folderAddress(f.uid)}>${f.title}</a></li>`)}</ol>
      </nav>`;
  }

  private inNuxeo(address: string): TemplateResult | typeof nothing {
    const link = safeLink(address);
    return link ? html`<a class="row tight small" href=${link} target="_blank"
      rel="noreferrer noopener">${t("frameio.document.onNuxeo")}${out}</a>` : nothing;
  }
}

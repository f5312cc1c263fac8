// The tab "Frame IO" of a folder: its bindings, and what arrived lately.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Binding, type Schemas, get, path } from "./api.js";
import { bindFolder } from "./bind-dialog.js";
import "./batches.js";
import "./binding-card.js";
import { complain, notice } from "./dialog.js";
import { date, size } from "./format.js";
import { type NuxeoDocument, documentAddress, folderAddress, may, pageChanged, treeChanged } from "./host.js";
import { film, round, waves } from "./icons.js";
import { Loader } from "./loader.js";
import { Paged } from "./paged.js";
import { base, controls } from "./styles.js";
import { syncFolder } from "./sync-dialog.js";
import "./sync-tab.js";
import type { Sync } from "./sync-words.js";
import { t } from "./i18n.js";
import { inWebUI } from "./webui.js";

type Belonging = Schemas["Belonging"];

interface Links {
  bindings: Binding[];
  syncs: Sync[];
}

const page = 50;
const refreshAfter = 1000; // ms

@define("nxf-folder-tab")
export class FolderTab extends LitElement {
  static override styles = [
    base, controls,
    css`
      :host { padding: var(--nxf-tab-padding, 0); }
      .empty {
        text-align: center; padding: 2.5rem 1rem; display: grid; gap: 0.8rem; justify-items: center;
        border: 1px dashed var(--line); border-radius: 10px;
      }
      table { width: 100%; border-collapse: collapse; }
      th, td { text-align: start; padding: 0.55rem 0.6rem; border-bottom: 1px solid var(--line); }
      th { color: var(--soft); font-weight: 600; font-size: 0.85rem; }
      td a { display: inline-flex; gap: 0.5rem; align-items: center; overflow-wrap: anywhere; }
      svg { flex: none; }
      .center { justify-content: center; }
      @media (max-width: 40rem) { .wide { display: none; } }
    `,
  ];

  /** The folder, as Web UI has it. */
  @property({ attribute: false }) document: NuxeoDocument | undefined;
  /** Or only its uid. */
  @property() folder = "";
  /** Whether the person may write in it, or is known to be a reader only. */
  @property({ type: Boolean }) writable = false;
  @property({ type: Boolean }) reader = false;
  /** The folder above that has to do with Frame.io, where it is known. */
  @property({ attribute: false }) above: Belonging | undefined;

  @state() private batches: string[] = []; // under way, shown as one whole each

  private readonly links = new Loader<Links>(this, {
    key: () => this.uid || undefined,
    load: async (folder, signal) => {
      const { bindings } = await get<{ bindings: Binding[] }>("/bindings", { folder }, signal);
      // Web UI has a tab of its own for a synchronization.
      const { syncs } = inWebUI() ? { syncs: [] } : await get<{ syncs: Sync[] }>("/syncs", { folder }, signal);
      return { bindings: bindings.filter((b) => b.state !== "unbound"), syncs };
    },
  });
  // In Web UI the view of the folder lists its documents already.
  private readonly documents = new Paged<Schemas["Document"]>(this, async (cursor, signal) => {
    const answer = await get<{ documents: Schemas["Document"][]; next?: string }>(
      `${path("folders", this.uid)}/documents`, { cursor, limit: page }, signal,
    );
    return { items: answer.documents, next: answer.next };
  }, { key: () => (inWebUI() ? undefined : this.uid || undefined) });
  private soon = 0;

  // On our own pages whoever shows it knows.
  private get mayWrite(): boolean {
    return this.document ? may(this.document, "AddChildren", "WriteProperties") : this.writable;
  }

  private get uid(): string {
    return this.document?.uid ?? this.folder;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.soon);
    this.soon = 0;
  }

  // What has arrived is shown, too, but not once for each of many: Web UI reads its list
  // and its tree again, our own table its first page, unless somebody looks at what is
  // further down.
  private readonly arrived = (): void => {
    if (this.soon || (!inWebUI() && this.documents.items.length > page)) return;
    this.soon = window.setTimeout(() => {
      this.soon = 0;
      if (!inWebUI()) return void this.documents.refresh();
      pageChanged(this);
      treeChanged();
    }, refreshAfter);
  };

  protected override render(): unknown {
    return this.links.show(({ bindings, syncs }) => html`<div class="stack" @nxf-arrived=${this.arrived}>
      ${bindings.length
        ? this.list(bindings)
        : syncs.length ? html`<nxf-sync-tab .folder=${this.uid}></nxf-sync-tab>` : this.nothingBound()}
      ${this.documents.items.length ? this.table() : nothing}
      ${this.documents.problem ? notice(this.documents.problem, this.documents.refresh) : nothing}
    </div>`);
  }

  private list(bindings: Binding[]): TemplateResult {
    return html`<nxf-batches .folder=${this.uid}
        @nxf-batches-open=${(e: CustomEvent<string[]>) => (this.batches = e.detail)}></nxf-batches>
      ${bindings.map((b) => html`<nxf-binding-card .binding=${b} ?writable=${this.mayWrite}
        .without=${this.batches}></nxf-binding-card>`)}
      ${this.mayWrite
        ? html`<div><button @click=${this.bind}>${waves} ${t("frameio.bind.another")}</button></div>`
        : nothing}`;
  }

  private nothingBound(): TemplateResult {
    const hint = this.reader && !this.mayWrite ? "frameio.folder.unbound.reader" : "frameio.folder.unbound.hint";
    const buttons = html`<span class="row center">
      <button class="primary" @click=${this.bind}>${t("frameio.bind")}</button>
      <button @click=${() => void syncFolder(this.uid, this)}>${round} ${t("frameio.sync")}</button></span>`;
    return html`${this.belonging(this.above)}
      <div class="empty">${waves}<strong>${t("frameio.folder.unbound")}</strong>
        <span class="soft">${t(hint)}</span> ${this.mayWrite ? buttons : nothing}</div>`;
  }

  private belonging(above: Belonging | undefined): TemplateResult | typeof nothing {
    if (!above) return nothing;
    const folder = html`<a href=${folderAddress(above.uid)}>${above.title}</a>`;
    return html`<div class="card">
      ${above.action ? html`<p class="wrap">${t("frameio.folder.in.bound", above.action)} ${folder}</p>` : nothing}
      ${above.source ? html`<p class="wrap">${t("frameio.folder.in.synced", above.source)} ${folder}</p>` : nothing}
      </div>`;
  }

  private table(): TemplateResult {
    return html`<section class="card stack"><h2>${t("frameio.folder.documents")}</h2>
      <table><thead><tr>
          <th scope="col">${t("frameio.document.title")}</th><th scope="col">${t("frameio.document.version")}</th>
          <th scope="col" class="wide">${t("frameio.document.status")}</th>
          <th scope="col" class="wide">${t("frameio.document.size")}</th>
          <th scope="col" class="wide">${t("frameio.document.modified")}</th></tr></thead>
        <tbody>${this.documents.items.map((d) => html`<tr>
          <td><a href=${documentAddress(d.uid)}>${film}${d.title}</a></td><td>${d.version}</td>
          <td class="wide">${d.status}</td><td class="wide">${d.size === undefined ? "" : size(d.size)}</td>
          <td class="wide">${date(d.modified)}</td></tr>`)}</tbody></table>
      ${this.documents.more()}</section>`;
  }

  private async bind(): Promise<void> {
    try {
      await bindFolder(this.uid, this);
    } catch (thrown) {
      complain(this, thrown);
    }
  }
}

// The tab "Frame IO" of a folder: its bindings, and what arrived lately.

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Binding, type Problem, type Schemas, get, path, problemOf } from "./api.js";
import { bindFolder } from "./bind-dialog.js";
import "./batches.js";
import "./binding-card.js";
import { complain, notice } from "./dialog.js";
import { date, size } from "./format.js";
import { type NuxeoDocument, documentAddress, may, pageChanged, treeChanged } from "./host.js";
import { film, round, waves } from "./icons.js";
import { base, controls } from "./styles.js";
import { syncFolder } from "./sync-dialog.js";
import "./sync-tab.js";
import type { Sync } from "./sync-words.js";
import { t } from "./i18n.js";
import { Shown } from "./shown.js";
import { inWebUI } from "./webui.js";

const page = 50;
const refreshAfter = 1000; // ms

@define("nxf-folder-tab")
export class FolderTab extends LitElement {
  static override styles = [
    base, controls,
    css`
      :host { padding: var(--nxf-tab-padding, 0); }
      .empty { text-align: center; padding: 2.5rem 1rem; display: grid; gap: 0.8rem; justify-items: center; border: 1px dashed var(--line); border-radius: 10px; }
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

  @state() private bindings: Binding[] | undefined;
  @state() private syncs: Sync[] = [];
  @state() private documents: Schemas["Document"][] = [];
  @state() private next: string | undefined;
  @state() private problem: Problem | undefined;
  private loaded = "";
  private soon = 0;
  private readonly refresh = () => void (this.shown.now && this.load());
  private readonly shown = new Shown(this, this.refresh);

  // On our own pages whoever shows it knows.
  private get mayWrite(): boolean {
    return this.document ? may(this.document, "AddChildren", "WriteProperties") : this.writable;
  }

  private get uid(): string {
    return this.document?.uid ?? this.folder;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("nxf-changed", this.refresh);
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("nxf-changed", this.refresh);
    window.clearTimeout(this.soon);
    this.soon = 0;
  }

  protected override willUpdate(_changes: PropertyValues): void {
    if (!this.shown.now || this.uid === this.loaded) return;
    this.bindings = undefined;
    void this.load();
  }

  private async load(): Promise<void> {
    const uid = (this.loaded = this.uid);
    if (!uid) return;
    this.problem = undefined;
    try {
      const { bindings } = await get<{ bindings: Binding[] }>("/bindings", { folder: uid });
      // Web UI has a tab of its own for a synchronization.
      const { syncs } = inWebUI() ? { syncs: [] } : await get<{ syncs: Sync[] }>("/syncs", { folder: uid });
      if (uid === this.uid) [this.bindings, this.syncs] = [bindings.filter((b) => b.state !== "unbound"), syncs];
      if (!inWebUI()) await this.more(uid, undefined);
    } catch (thrown) {
      if (uid === this.uid) this.problem = problemOf(thrown);
    }
  }

  // In Web UI the view of the folder lists its documents already.
  private async more(uid: string, cursor: string | undefined): Promise<void> {
    const answer = await get<{ documents: Schemas["Document"][]; next?: string }>(`${path("folders", uid)}/documents`, { cursor, limit: page });
    if (uid !== this.uid) return;
    this.documents = cursor ? [...this.documents, ...answer.documents] : answer.documents;
    this.next = answer.next;
  }

  // What has arrived is shown, too, but not once for each of many: Web UI reads its list
  // and its tree again, our own table its first page, unless somebody looks at what is
  // further down.
  private readonly arrived = (): void => {
    if (this.soon || (!inWebUI() && this.documents.length > page)) return;
    this.soon = window.setTimeout(() => {
      this.soon = 0;
      if (!inWebUI()) return void this.more(this.uid, undefined).catch(() => {});
      pageChanged(this);
      treeChanged();
    }, refreshAfter);
  };

  protected override render(): TemplateResult | typeof nothing {
    if (!this.shown.now) return nothing;
    if (this.problem) return notice(this.problem, this.refresh);
    if (!this.bindings) return html`<p role="status" class="soft">${t("frameio.loading")}</p>`;
    return html`<div class="stack" @nxf-arrived=${this.arrived}>
      ${this.bindings.length ? html`<nxf-batches .folder=${this.uid}></nxf-batches>` : nothing}
      ${this.bindings.length ? this.list(this.bindings) : this.syncs.length ? html`<nxf-sync-tab .folder=${this.uid}></nxf-sync-tab>` : this.nothingBound()}
      ${this.documents.length ? this.table() : nothing}
    </div>`;
  }

  private list(bindings: Binding[]): TemplateResult {
    return html`${bindings.map((b) => html`<nxf-binding-card .binding=${b} ?writable=${this.mayWrite}></nxf-binding-card>`)}
      ${this.mayWrite ? html`<div><button @click=${this.bind}>${waves} ${t("frameio.bind.another")}</button></div>` : nothing}`;
  }

  private nothingBound(): TemplateResult {
    const hint = this.reader && !this.mayWrite ? "frameio.folder.unbound.reader" : "frameio.folder.unbound.hint";
    return html`<div class="empty">${waves}<strong>${t("frameio.folder.unbound")}</strong><span class="soft">${t(hint)}</span>
      ${this.mayWrite ? html`<span class="row center"><button class="primary" @click=${this.bind}>${t("frameio.bind")}</button><button @click=${() => void syncFolder(this.uid, this)}>${round} ${t("frameio.sync")}</button></span>` : nothing}</div>`;
  }

  private table(): TemplateResult {
    return html`<section class="card stack"><h2>${t("frameio.folder.documents")}</h2>
      <table><thead><tr><th scope="col">${t("frameio.document.title")}</th><th scope="col">${t("frameio.document.version")}</th>
        <th scope="col" class="wide">${t("frameio.document.status")}</th><th scope="col" class="wide">${t("frameio.document.size")}</th><th scope="col" class="wide">${t("frameio.document.modified")}</th></tr></thead>
      <tbody>${this.documents.map((d) => html`<tr><td><a href=${documentAddress(d.uid)}>${film}${d.title}</a></td><td>${d.version}</td><td class="wide">${d.status}</td>
        <td class="wide">${d.size === undefined ? "" : size(d.size)}</td><td class="wide">${date(d.modified)}</td></tr>`)}</tbody></table>
      ${this.next ? html`<div><button @click=${() => void this.more(this.uid, this.next)}>${t("frameio.more")}</button></div>` : nothing}</section>`;
  }

  private async bind(): Promise<void> {
    try {
      await bindFolder(this.uid, this);
    } catch (thrown) {
      complain(this, thrown);
    }
  }
}

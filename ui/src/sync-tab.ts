// The tab "Frame.io sync" of a folder: with what it is synchronized and how that
// stands, what is going on, and what can be done about it.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import { define } from "./define.js";
import { change, get, path } from "./api.js";
import { typeName } from "./bind-dialog.js";
import { connected } from "./connect.js";
import { complain, confirm } from "./dialog.js";
import { date } from "./format.js";
import { since } from "./since.js";
import { type NuxeoDocument, changed, settled, toast, treeChanged } from "./host.js";
import { Loader } from "./loader.js";
import { base, controls } from "./styles.js";
import "./sync-differences.js";
import { editSync } from "./sync-edit.js";
import { afterwards, bars, progress } from "./sync-progress.js";
import "./sync-runs.js";
import "./sync-troubles.js";
import {
  type Sync, asks, checking, fetched, filters, next, schedule, stateOf, troubles, underWay,
} from "./sync-words.js";
import { stepText } from "./item-words.js";
import { count, t } from "./i18n.js";

const looksEvery = 1500; // ms, while something is under way
const looksSeldom = 15_000; // ms, for runs that begin by themselves

// Whether something changes without anybody's doing.
const busy = (sync: Sync): boolean => underWay(sync) || checking(sync);

@define("nxf-sync-tab")
export class SyncTab extends LitElement {
  static override styles = [
    base, controls, bars,
    css`
      :host { padding: var(--nxf-tab-padding, 0); }
      summary { cursor: pointer; font-weight: 600; }
      details dl { margin-top: 0.6rem; }
      .chip.warn { color: var(--warn); }
      .chip.bad { color: var(--bad); }
    `,
  ];

  /** The folder, as Web UI has it. */
  @property({ attribute: false }) document: NuxeoDocument | undefined;
  /** Or only its uid. */
  @property() folder = "";

  private readonly syncs = new Loader<{ syncs: Sync[] }>(this, {
    key: () => this.uid || undefined,
    load: (uid, signal) => get("/syncs", { folder: uid }, signal),
    every: () => (this.sync && busy(this.sync) ? looksEvery : looksSeldom),
    came: (now, before) => this.came(now.syncs[0], before?.syncs[0]),
  });

  private get uid(): string {
    return this.document?.uid ?? this.folder;
  }

  private get sync(): Sync | undefined {
    return this.syncs.value?.syncs[0];
  }

  // When a run has ended, the rest of the page is not what it was.
  private came(now: Sync | undefined, before: Sync | undefined): void {
    if (!before || !busy(before) || (now && busy(now))) return;
    changed(this);
    treeChanged();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { sync } = this;
    if (!this.syncs.shown) return nothing;
    if (!sync) return this.syncs.instead() ?? html`<p role="status" class="soft">${t("frameio.sync.none")}</p>`;
    return html`<div class="stack">
      ${this.syncs.problem ? html`<p class="small warn" role="status">${t("frameio.items.notLive")}</p>` : nothing}
      <section class="card stack" aria-label=${t("frameio.sync.tab")}>
        <div class="row between"><h2>${t("frameio.sync.tab")}</h2>
          ${sync.may_change ? this.buttons(sync) : nothing}</div>
        ${this.pausedOrFailed(sync)} ${this.under(sync)}
        ${this.facts(sync)} ${this.counts(sync)} ${this.parameters(sync)}
      </section>
      ${this.differences(sync)}
      ${keyed(sync.id, html`
        ${troubles(sync) === "0,0,0" ? nothing : html`<nxf-sync-troubles .sync=${sync}></nxf-sync-troubles>`}
        <nxf-sync-runs .sync=${sync}></nxf-sync-runs>`)}
    </div>`;
  }

  private differences({ id, check }: Sync): unknown {
    if (check?.state !== "done") return nothing;
    return keyed(check.id, html`<nxf-sync-differences .sync=${id} .check=${check}></nxf-sync-differences>`);
  }

  private buttons(sync: Sync): TemplateResult {
    const running = sync.last?.state === "running" || checking(sync);
    return html`<span class="row">
      <button class="primary" ?disabled=${running} @click=${() => void this.refreshNow(sync)}>
        ${t("frameio.sync.refresh")}</button>
      <button ?disabled=${running} title=${t("frameio.sync.check.hint")} @click=${() => void this.compare(sync)}>
        ${t("frameio.sync.check")}</button>
      ${sync.state === "paused"
        ? html`<button @click=${() => void this.pause(sync, false)}>${t("frameio.sync.resume")}</button>`
        : html`<button @click=${() => void this.pause(sync, true)}>${t("frameio.sync.pause")}</button>`}
      <button @click=${() => void this.edit(sync)}>${t("frameio.edit")}</button>
      <button class="danger" @click=${() => void this.remove_(sync)}>${t("frameio.sync.remove")}</button></span>`;
  }

  private under(sync: Sync): TemplateResult | typeof nothing {
    if (checking(sync)) {
      return html`<p><strong role="status">${stepText(sync.check!.step ?? "")}</strong>
        <span class="small soft">${t("frameio.sync.check.hint")}</span></p>`;
    }
    return sync.last && underWay(sync) ? progress(sync, sync.last) : afterwards(sync);
  }

  private pausedOrFailed(sync: Sync): TemplateResult | typeof nothing {
    if (sync.last?.state === "running") return nothing;
    if (sync.state === "paused") {
      return html`<div class="notice care"><strong class="wrap">${sync.reason ?? t("frameio.sync.paused")}</strong>
        ${sync.remedy ? html`<span class="wrap">${sync.remedy}</span>` : nothing}
        ${asks(sync) && sync.may_change
          ? html`<span><button @click=${() => void this.begin(sync, false)}>${t("frameio.sync.look")}</button></span>`
          : nothing}</div>`;
    }
    const latest = sync.check ?? sync.last;
    if (latest?.state !== "failed") return nothing;
    const why = latest.message ?? t("frameio.state.failed");
    return html`<div class="notice wrong"><strong class="wrap">${why}</strong></div>`;
  }

  private facts(sync: Sync): TemplateResult {
    const ended = sync.last?.ended;
    return html`<dl>
      <dt>${t("frameio.binding.teams")}</dt><dd>${sync.team_name}</dd>
      <dt>${t("frameio.push.project")}</dt><dd>${sync.project_name}</dd>
      <dt>${t("frameio.binding.folder")}</dt><dd>${sync.frameio_folder_name}</dd>
      <dt>${t("frameio.sync.owner")}</dt><dd>${sync.owner}</dd>
      <dt>${t("frameio.bind.type")}</dt><dd>${typeName(sync.document_type)}</dd>
      <dt>${t("frameio.sync.fetched")}</dt><dd>${fetched(sync)}</dd>
      <dt>${t("frameio.sync.changes")}</dt>
      <dd>${t(sync.events ? "frameio.sync.changes.yes" : "frameio.sync.changes.no")}</dd>
      <dt>${t("frameio.sync.state")}</dt><dd>${stateOf(sync)}</dd>
      <dt>${t("frameio.sync.last")}</dt>
      <dd>${ended
        ? html`<time datetime=${ended} title=${date(ended)}>${since(ended)}</time>`
        : t("frameio.sync.last.never")}</dd>
      <dt>${t("frameio.sync.next")}</dt><dd>${next(sync)}</dd>
    </dl>`;
  }

  private counts(sync: Sync): TemplateResult {
    const chip = (key: string, n: number, tone = ""): TemplateResult | typeof nothing =>
      (tone && !n ? nothing : html`<li class="chip ${tone}">${count(key, n)}</li>`);
    return html`<ul class="row tight" aria-label=${t("frameio.sync.counts")}>
      ${chip("frameio.sync.documents", sync.assets)} ${chip("frameio.sync.folders", sync.folders)}
      ${chip("frameio.sync.missing", sync.missing, "warn")} ${chip("frameio.sync.troubled", sync.troubled, "bad")}
      ${chip("frameio.sync.conflicting", sync.conflicting, "warn")}</ul>`;
  }

  private parameters(sync: Sync): TemplateResult {
    return html`<details><summary>${t("frameio.more")}</summary><dl>
      <dt>${t("frameio.comments")}</dt>
      <dd>${t(sync.comments ? "frameio.sync.comments.yes" : "frameio.sync.comments.no")}</dd>
      <dt>${t("frameio.sync.filter")}</dt><dd>${filters(sync)}</dd>
      <dt>${t("frameio.sync.gone")}</dt><dd>${t(`frameio.sync.gone.${sync.gone}`)}</dd>
      <dt>${t("frameio.sync.conflicts")}</dt><dd>${t(`frameio.sync.conflicts.${sync.conflicts}`)}</dd>
      <dt>${t("frameio.sync.every")}</dt><dd>${schedule(sync)}</dd>
      <dt>${t("frameio.item.created")}</dt>
      <dd>${sync.creator}, <time datetime=${sync.created}>${date(sync.created)}</time></dd>
    </dl></details>`;
  }

  // Whoever refreshes is signed in to Frame.io: they may become the owner.
  private async refreshNow(sync: Sync): Promise<void> {
    try {
      if (!(await connected())) return;
    } catch (thrown) {
      return complain(this, thrown);
    }
    if (!asks(sync)) return this.begin(sync, false);
    const explain = [sync.last!.message ?? "", t(`frameio.sync.sure.${sync.gone}`)].filter(Boolean);
    const go = async (): Promise<void> => this.take(await this.post(sync, true));
    await confirm(t("frameio.sync.sure"), explain, t("frameio.sync.sure.go"), go);
  }

  private post(sync: Sync, sure: boolean): Promise<Sync> {
    return change<Sync>("POST", `${path("syncs", sync.id)}/refresh`, { sure });
  }

  private begin(sync: Sync, sure: boolean): Promise<void> {
    return this.act(() => this.post(sync, sure));
  }

  private compare(sync: Sync): Promise<void> {
    return this.act(() => change<Sync>("POST", `${path("syncs", sync.id)}/check`));
  }

  private pause(sync: Sync, yes: boolean): Promise<void> {
    return this.act(() => change<Sync>(yes ? "POST" : "DELETE", `${path("syncs", sync.id)}/pause`));
  }

  private async act(what: () => Promise<Sync>): Promise<void> {
    try {
      this.take(await what());
    } catch (thrown) {
      complain(this, thrown);
    }
  }

  // What is on its way already may be older.
  private take(sync: Sync): void {
    if (sync.folder !== this.uid) return;
    this.syncs.take({ syncs: [sync] });
    if (this.syncs.busy) void this.syncs.refresh();
  }

  private async edit(sync: Sync): Promise<void> {
    const after = await editSync(sync);
    if (!after) return;
    this.syncs.take({ syncs: [after] });
    toast(this, t("frameio.sync.edit.done", after.folder_title));
    changed(this);
  }

  private async remove_(sync: Sync): Promise<void> {
    const explain = [
      t("frameio.sync.remove.effect", sync.folder_title, sync.frameio_folder_name), t("frameio.sync.remove.stays"),
    ];
    const go = (): Promise<void> => change("DELETE", path("syncs", sync.id));
    const question = t("frameio.sync.remove.question", sync.folder_title);
    if (!(await confirm(question, explain, t("frameio.sync.remove"), go))) return;
    this.syncs.take({ syncs: [] });
    toast(this, t("frameio.sync.removed", sync.folder_title));
    window.dispatchEvent(new CustomEvent("nxf-changed"));
    await settled(this.uid, (d) => !d.facets?.includes("FrameioSync"));
    changed(this);
  }
}

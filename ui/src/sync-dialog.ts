// The dialog that synchronizes a folder with one of Frame.io.

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Item, Problem, type Schemas, type Workspace, change, get, path, problemOf } from "./api.js";
import { Asking } from "./asking.js";
import { typeName } from "./bind-dialog.js";
import { connected } from "./connect.js";
import { Dialog, complain, notice } from "./dialog.js";
import { listen } from "./events.js";
import { changed, settled, toast, treeChanged } from "./host.js";
import { Place } from "./place.js";
import { fields as moreFields, more, read } from "./sync-more.js";
import { type Preview, counted } from "./sync-preview.js";
import type { Sync } from "./sync-words.js";
import { t } from "./i18n.js";

type Form = Schemas["SyncForm"];

/** Synchronizes a folder: signs in to Frame.io where needed, asks with what, and says that it has begun. */
export async function syncFolder(folder: string, from: EventTarget): Promise<void> {
  try {
    if (!(await connected())) return;
    const dialog = document.createElement("nxf-sync-dialog") as SyncDialog;
    dialog.folder = folder;
    const sync = await dialog.show();
    if (!sync) return;
    toast(from, t("frameio.sync.begun", sync.folder_title, sync.frameio_folder_name));
    follow((item) => item.id === sync.last?.item, from);
    await settled(folder, (d) => d.facets?.includes("FrameioSync") ?? false);
    changed(from);
  } catch (thrown) {
    complain(from, thrown);
  }
}

// Has the page shown anew when the first run has ended.
function follow(which: (item: Item) => boolean, from: EventTarget): void {
  const stop = new AbortController();
  const item = (item: Item): void => {
    if (!which(item) || !item.finished) return;
    stop.abort();
    changed(from);
    treeChanged();
  };
  listen({ item }, stop.signal);
}

@define("nxf-sync-dialog")
export class SyncDialog extends Dialog<Sync> {
  static override styles = [
    ...Dialog.styles,
    css`
      summary { cursor: pointer; font-weight: 600; }
      .more { display: grid; gap: 1.1rem; grid-template-columns: minmax(0, 1fr); padding-top: 0.8rem; }
      .under { padding-inline-start: 2.15rem; }
      .lanes { font-size: 0.85rem; gap: 0.1rem 1rem; margin: 0.3rem 0; }
      .pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.6rem; }
    `,
  ];

  @property() folder = "";
  @state() private teams: Workspace[] | undefined;
  @state() private why = "";
  @state() private detail: Schemas["FolderDetail"] | undefined;
  @state() private broken: Problem | undefined;
  @state() private preview: Preview | undefined;
  @state() private counting = false;
  @state() private scheduled = false;
  @state() private bare = false;
  private asked: Problem | undefined;
  private readonly asking = new Asking();
  private readonly place = new Place(this, {
    chosen: () => this.look(), picked: () => this.look(), failed: (thrown) => (this.broken = problemOf(thrown)),
  });

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.asking.end();
  }

  override firstUpdated(changes: PropertyValues): void {
    super.firstUpdated(changes);
    void this.load();
  }

  // A field that is wrong is not left folded away, nor out of sight.
  protected override updated(changes: PropertyValues): void {
    super.updated(changes);
    const folded = this.renderRoot.querySelector("details");
    if (!folded || !this.problem || !changes.has("problem")) return;
    if (moreFields.includes(this.problem.field)) folded.open = true;
    this.renderRoot.querySelector(".error, .notice.wrong")?.scrollIntoView({ block: "nearest" });
  }

  private async load(): Promise<void> {
    this.broken = undefined;
    try {
      const [teams, detail] = await Promise.all([
        get<{ workspaces: Workspace[]; why_empty?: string }>("/workspaces"),
        get<Schemas["FolderDetail"]>(path("folders", this.folder)),
      ]);
      [this.teams, this.why, this.detail] = [teams.workspaces, teams.why_empty ?? "", detail];
      await this.updateComplete;
      this.renderRoot.querySelector("select")?.focus();
      if (detail.can_bind && teams.workspaces[0]) await this.place.choose(teams.workspaces[0]);
    } catch (thrown) {
      this.broken = problemOf(thrown);
    }
  }

  private form(): Form {
    const form = new FormData(this.renderRoot.querySelector("form")!);
    const { team, project, folder } = this.place;
    return {
      folder: this.folder, team: team!.id, project: project!.id, frameio_folder: folder,
      document_type: String(form.get("document_type") ?? ""), ...read(form),
    };
  }

  // Counting may take seconds, so what was counted in the first is shown; meanwhile
  // one may change one's mind, or begin.
  private look(): void {
    if (!this.place.project) return;
    [this.preview, this.counting] = [undefined, true];
    const ask = async (signal: AbortSignal): Promise<Preview> => {
      const form = this.form();
      const soon = await change<Preview>("POST", "/syncs/preview?within=1", form, signal);
      if (soon.complete) return soon;
      this.counted(soon);
      return change<Preview>("POST", "/syncs/preview", form, signal);
    };
    const failed = (thrown: unknown): void => this.uncounted(problemOf(thrown));
    this.asking.again<Preview>(ask, (preview) => this.counted(preview, true), failed);
  }

  private counted(preview: Preview, wholly = false): void {
    [this.preview, this.counting] = [preview, !wholly];
    if (this.problem === this.asked) this.problem = undefined;
  }

  private uncounted(problem: Problem): void {
    this.counting = false;
    this.problem = this.asked = problem;
  }

  protected heading(): string {
    return t("frameio.sync");
  }
  protected confirm(): { label: string; disabled: boolean } {
    return { label: t("frameio.sync.start"), disabled: this.detail?.can_bind !== true || !this.place.project };
  }
  protected override fields(): string[] {
    return ["team", "workspace", "project", "frameio_folder", "document_type", ...moreFields];
  }

  protected content(): TemplateResult {
    if (this.broken) return notice(this.broken, () => void this.load());
    if (!this.teams || !this.detail) return html`<p role="status" class="soft">${t("frameio.loading")}</p>`;
    if (!this.detail.can_bind) return notice(new Problem(0, "denied", this.detail.why_not ?? t("frameio.sync.cannot")));
    if (!this.teams.length) {
      return html`<div class="notice care"><strong>${t("frameio.sync.teams.none")}</strong>
        ${this.why ? html`<span class="wrap">${this.why}</span>` : nothing}</div>`;
    }
    return html`${this.where(this.teams)} ${this.types(this.detail.document_types)}
      <details @input=${this.look}><summary>${t("frameio.more")}</summary>
        <div class="more">${more({
          wrong: (field) => this.wrong(field), scheduled: this.scheduled, schedule: (yes) => (this.scheduled = yes),
          bare: this.bare, strip: (yes) => (this.bare = yes),
        })}</div></details>
      ${this.summary()}`;
  }

  private where(teams: Workspace[]): TemplateResult {
    const ofTeam = this.problem?.field === "workspace" ? this.wrong("workspace") : this.wrong("team");
    return html`${this.place.teamField(t("frameio.sync.team"), teams, ofTeam)}
      ${this.place.projectField(t("frameio.push.project"), this.wrong("project"))}
      ${this.place.source
        ? html`<div><strong>${t("frameio.sync.subfolder")}</strong>
          ${this.place.tree()}${this.wrong("frameio_folder")}</div>`
        : nothing}`;
  }

  private types(types: string[]): TemplateResult {
    return html`<label>${t("frameio.bind.type")}<span aria-hidden="true"> *</span>
      <select name="document_type" aria-invalid=${this.problem?.field === "document_type"}
        aria-describedby="document_type-error">
        ${types.map((type) => html`<option value=${type}>${typeName(type)}</option>`)}</select>
      <span class="hint">${t("frameio.bind.type.hint")}</span>${this.wrong("document_type")}</label>`;
  }

  private summary(): TemplateResult | typeof nothing {
    if (this.preview) return counted(this.preview, this.counting, !this.bare);
    return this.place.project && !this.problem
      ? html`<p role="status" class="soft">${t("frameio.push.counting")}</p>`
      : nothing;
  }

  protected async submit(): Promise<Sync> {
    return change<Sync>("POST", "/syncs", this.form());
  }
}

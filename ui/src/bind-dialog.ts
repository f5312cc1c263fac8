// The dialog that binds a folder.

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Binding, Problem, type Schemas, type Workspace, change, get, path, problemOf } from "./api.js";
import { Dialog, notice } from "./dialog.js";
import { connected } from "./connect.js";
import { changed, settled, toast } from "./host.js";
import { t } from "./i18n.js";

/** Binds a folder: signs in to Frame.io where needed, asks, and says that it is done. */
export async function bindFolder(folder: string, from: EventTarget): Promise<Binding | undefined> {
  if (!(await connected())) return undefined;
  const dialog = document.createElement("nxf-bind-dialog") as BindDialog;
  dialog.folder = folder;
  const binding = await dialog.show();
  if (!binding) return undefined;
  toast(from, t(binding.state === "bound" ? "frameio.bind.done" : "frameio.bind.going", binding.action_name));
  // Its tab comes with the facet.
  await settled(folder, (d) => d.facets?.includes("FrameioBinding") ?? false);
  changed(from);
  return binding;
}

/** What the fields of the dialog hold. */
export interface Filled {
  action_name: string;
  workspaces: string[];
  document_type: string;
  publishers: Binding["publishers"];
}

@define("nxf-bind-dialog")
export class BindDialog extends Dialog<Binding> {
  static override styles = [
    ...Dialog.styles,
    css`
      .teams {
        border: 1px solid var(--edge); border-radius: 8px; padding: 0.3rem; max-height: 13rem; overflow: auto;
        margin-top: 0.25rem;
      }
    `,
  ];

  @property() folder = "";
  @state() private teams: Workspace[] | undefined;
  @state() private why = "";
  @state() protected detail: Schemas["FolderDetail"] | undefined;
  @state() protected broken: Problem | undefined;

  override firstUpdated(changes: PropertyValues): void {
    super.firstUpdated(changes);
    void this.load();
  }

  private async load(): Promise<void> {
    this.broken = undefined;
    try {
      const [teams, detail] = await Promise.all([
        this.choices(),
        get<Schemas["FolderDetail"]>(path("folders", this.folder)),
      ]);
      [this.teams, this.why, this.detail] = [teams.workspaces, teams.why_empty ?? "", detail];
      await this.updateComplete;
      this.renderRoot.querySelector("input")?.focus();
    } catch (thrown) {
      this.broken = problemOf(thrown);
    }
  }

  /** The teams to choose from. */
  protected choices(): Promise<{ workspaces: Workspace[]; why_empty?: string }> {
    return get("/workspaces");
  }
  /** What the fields hold at first; nothing when a folder is bound. */
  protected get filled(): Filled | undefined {
    return undefined;
  }
  protected get allowed(): boolean {
    return this.detail?.can_bind === true;
  }
  protected get ready(): boolean {
    return Boolean(this.teams?.length) && this.allowed;
  }

  protected heading(): string {
    return t("frameio.bind.title");
  }
  protected confirm(): { label: string; disabled: boolean } {
    return { label: t("frameio.bind.validate"), disabled: !this.ready };
  }
  protected override fields(): string[] {
    return ["action_name", "workspaces", "document_type"];
  }

  protected content(): TemplateResult {
    if (this.broken) return notice(this.broken, () => void this.load());
    if (!this.teams || !this.detail) return html`<p role="status" class="soft">${t("frameio.loading")}</p>`;
    if (!this.allowed) return notice(new Problem(0, "denied", this.detail.why_not ?? t("frameio.bind.cannot")));
    return html`${this.name()} ${this.teamList(this.teams)} ${this.types(this.detail.document_types)} ${this.who()}`;
  }

  private name(): TemplateResult {
    const wrong = this.problem?.field === "action_name";
    return html`<label>${t("frameio.bind.name")}<span aria-hidden="true"> *</span>
      <input name="action_name" required maxlength="255" autocomplete="off" aria-invalid=${wrong}
        .value=${this.filled?.action_name ?? ""}
        placeholder=${t("frameio.bind.name.example")} aria-describedby="name-hint action_name-error">
      <span class="hint" id="name-hint">${t("frameio.bind.name.hint")}</span>${this.wrong("action_name")}</label>`;
  }

  private teamList(teams: Workspace[]): TemplateResult {
    if (!teams.length) {
      return html`<div class="notice care"><strong>${t("frameio.bind.teams.none")}</strong>
        ${this.why ? html`<span class="wrap">${this.why}</span>` : nothing}</div>`;
    }
    const several = new Set(teams.map((team) => team.account)).size > 1;
    return html`<fieldset aria-describedby="teams-hint workspaces-error">
      <legend>${t("frameio.bind.teams")}<span aria-hidden="true"> *</span></legend>
      <span class="hint" id="teams-hint">${t("frameio.bind.teams.hint")}</span>
      <div class="teams">${teams.map((team) => html`<label class="option">
        <input type="checkbox" name="workspaces" value=${team.id} .checked=${this.takes(team, teams)}>
        <span class="wrap">${team.name}
          ${several ? html`<span class="soft">${team.account_name}</span>` : nothing}</span></label>`)}</div>
      ${this.wrong("workspaces")}</fieldset>`;
  }

  // Where there is only one team, it need not be chosen.
  private takes(team: Workspace, teams: Workspace[]): boolean {
    return this.filled ? this.filled.workspaces.includes(team.id) : teams.length === 1;
  }

  private types(offered: string[]): TemplateResult {
    const has = this.filled?.document_type;
    const types = has && !offered.includes(has) ? [has, ...offered] : offered;
    return html`<label>${t("frameio.bind.type")}<span aria-hidden="true"> *</span>
      <select name="document_type">
        ${types.map((type) => html`<option value=${type} ?selected=${type === has}>${typeName(type)}</option>`)}
      </select>
      <span class="hint">${t("frameio.bind.type.hint")}</span>${this.wrong("document_type")}</label>`;
  }

  private who(): TemplateResult {
    return html`<fieldset><legend>${t("frameio.bind.who")}</legend>
      ${(["everyone", "connected"] as const).map((who) => html`<label class="option">
        <input type="radio" name="publishers" value=${who} .checked=${who === (this.filled?.publishers ?? "everyone")}>
        <span>${t(`frameio.who.${who}`)}<span class="hint">${t(`frameio.who.${who}.hint`)}</span></span></label>`)}
      ${this.wrong("publishers")}</fieldset>`;
  }

  /** What was filled in, unless something is missing. */
  protected form(): Filled {
    const form = new FormData(this.renderRoot.querySelector("form")!);
    const name = String(form.get("action_name") ?? "").trim();
    const workspaces = form.getAll("workspaces").map(String);
    if (!name) throw new Problem(0, "invalid", t("frameio.bind.name.missing"), "action_name");
    if (!workspaces.length) throw new Problem(0, "invalid", t("frameio.bind.teams.missing"), "workspaces");
    return {
      action_name: name, workspaces, document_type: String(form.get("document_type")),
      publishers: form.get("publishers") as Binding["publishers"],
    };
  }

  protected async submit(): Promise<Binding | undefined> {
    return change<Binding>("POST", "/bindings", { folder: this.folder, ...this.form() });
  }
}

/** What Nuxeo calls a document type, where its texts tell. */
export function typeName(type: string): string {
  const key = `label.document.type.${type.toLowerCase()}`;
  const name = t(key);
  return name === key ? type : name;
}

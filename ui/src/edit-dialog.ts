// The dialog that changes a binding: what it is, then what would change on both sides, then it is done.

import { css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Binding, type Schemas, type Workspace, change, get, path } from "./api.js";
import "./channels.js";
import { BindDialog, type Filled, typeName } from "./bind-dialog.js";
import { type Choice, choiceFields, choiceOf, choiceWords, copiesPreview } from "./copies.js";
import { t } from "./i18n.js";

type Effect = Schemas["BindingEffect"];
type Wanted = Filled & { copies: Choice };

/** Asks, and changes the binding when the person agrees; undefined when they do not. */
export async function edit(binding: Binding): Promise<Binding | undefined> {
  const dialog = document.createElement("nxf-edit-dialog") as EditDialog;
  Object.assign(dialog, { binding, folder: binding.folder });
  return dialog.show();
}

@define("nxf-edit-dialog")
export class EditDialog extends BindDialog {
  static override styles = [
    ...BindDialog.styles,
    css`
      .effects h3 { margin: 0 0 0.3rem; }
      .effects ul { margin: 0 0 0.9rem; padding-left: 1.2rem; list-style: disc; }
      .effects li { margin-bottom: 0.3rem; }
      .effects:focus { outline: none; }
    `,
  ];

  @property({ attribute: false }) binding!: Binding;
  @state() private effects: Effect[] | undefined;
  @state() private choice: Choice | undefined;
  @state() private copies: Schemas["CopyList"] | undefined;
  private wanted: Wanted | undefined;

  // Who is not connected to Frame.io can still change everything but add a team.
  protected override async choices(): Promise<{ workspaces: Workspace[] }> {
    const own = this.binding.workspaces;
    const found = await get<{ workspaces: Workspace[] }>("/workspaces").catch(() => ({ workspaces: [] }));
    return { workspaces: [...own, ...found.workspaces.filter((w) => !own.some((o) => o.id === w.id))] };
  }
  protected override get filled(): Filled {
    const b = this.binding;
    return this.wanted ?? {
      action_name: b.action_name, workspaces: b.workspaces.map((w) => w.id), document_type: b.document_type,
      publishers: b.publishers,
    };
  }

  protected override heading(): string {
    return t("frameio.edit.title", this.binding.folder_title);
  }
  protected override confirm(): { label: string; disabled: boolean } {
    return this.effects
      ? { label: t("frameio.edit.apply"), disabled: !this.effects.length }
      : { label: t("frameio.edit.preview"), disabled: !this.ready };
  }
  protected override fields(): string[] {
    return this.effects ? [] : [...super.fields(), "publishers", "copies", "copy_days", "copy_folder"];
  }
  protected override get allowed(): boolean {
    return true; // the connector decides
  }
  protected override content(): TemplateResult {
    if (this.effects) return this.preview(this.effects);
    return html`<p class="soft wrap">${t("frameio.edit.fixed")}</p>${super.content()}
      ${this.broken || !this.detail ? nothing : this.copiesFields()}
      <nxf-channels .binding=${this.binding.id}></nxf-channels>`;
  }

  private copiesFields(): TemplateResult {
    const now = this.choice ?? this.wanted?.copies ?? this.binding.copies;
    return choiceFields(now, (action) => (this.choice = { ...now, action }), (field) => this.wrong(field));
  }

  private preview(effects: Effect[]): TemplateResult {
    return html`<div class="effects" tabindex="-1" aria-label=${t("frameio.edit.effects")} role="group">
      ${effects.length ? nothing : html`<p>${t("frameio.edit.nothing")}</p>`}
      ${(["frameio", "nuxeo"] as const).map((side) => this.side(side, effects.filter((e) => e.side === side)))}
      ${this.copies ? copiesPreview(this.copies) : nothing}
      <button type="button" ?disabled=${this.busy} @click=${this.back}>${t("frameio.edit.back")}</button></div>`;
  }

  private side(side: Effect["side"], effects: Effect[]): TemplateResult | typeof nothing {
    if (!effects.length) return nothing;
    return html`<h3>${t(`frameio.edit.side.${side}`)}</h3>
      <ul>${effects.map((e) => html`<li class="wrap">${effectWords(e)}</li>`)}</ul>`;
  }

  private readonly back = (): void => {
    [this.effects, this.problem] = [undefined, undefined];
    void this.updateComplete.then(() => this.renderRoot.querySelector("input")?.focus());
  };

  protected override async submit(): Promise<Binding | undefined> {
    const at = path("bindings", this.binding.id);
    if (this.effects) return this.apply(at);
    const copies = choiceOf(new FormData(this.renderRoot.querySelector("form")!));
    [this.wanted, this.choice] = [{ ...this.form(), copies }, undefined];
    const preview = await change<{ effects: Effect[] }>(
      "POST", `${at}/preview`, { version: this.binding.version, ...this.wanted },
    );
    this.copies = preview.effects.some((e) => e.what === "copies")
      ? await change<Schemas["CopyList"]>("POST", `${at}/copies/preview`, copies)
      : undefined;
    this.effects = preview.effects;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(".effects")?.focus();
    return undefined;
  }

  private async apply(at: string): Promise<Binding> {
    const include = this.renderRoot.querySelector<HTMLInputElement>("input[name=include]")?.checked;
    const done = await change<Binding>("PATCH", at, { version: this.binding.version, ...this.wanted });
    if (include) await change("POST", `${at}/copies`);
    return done;
  }
}

/** One thing that changes, in a sentence. */
function effectWords(e: Effect): string {
  if (e.what === "copies" && e.copies) return t("frameio.edit.effect.copies", choiceWords(e.copies));
  const said = (value = ""): string => (e.what === "document_type" ? typeName(value) : value);
  const key = e.what === "publishers" ? `frameio.edit.effect.publishers.${e.to}` : `frameio.edit.effect.${e.what}`;
  return t(key, e.what === "publishers" ? (e.owner ?? "") : (e.team ?? ""), said(e.from), said(e.to));
}

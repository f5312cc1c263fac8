// The dialog that changes a synchronization: what it is, then what that changes, then it is done.

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Schemas, change, get, path } from "./api.js";
import { typeName } from "./bind-dialog.js";
import { Dialog } from "./dialog.js";
import { size, span } from "./format.js";
import { fields as moreFields, more, read } from "./sync-more.js";
import type { Sync } from "./sync-words.js";
import { count, t } from "./i18n.js";

type Effect = Schemas["SyncEffect"];
type Expected = Schemas["SyncExpected"];
type Preview = { effects: Effect[]; runs: boolean; ends: boolean; expected?: Expected };

/** Asks, and changes the synchronization when the person agrees; undefined when they do not. */
export async function editSync(sync: Sync): Promise<Sync | undefined> {
  const dialog = document.createElement("nxf-sync-edit-dialog") as SyncEditDialog;
  dialog.sync = sync;
  return dialog.show();
}

@define("nxf-sync-edit-dialog")
export class SyncEditDialog extends Dialog<Sync> {
  static override styles = [
    ...Dialog.styles,
    css`
      .under { padding-inline-start: 2.15rem; }
      .pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.6rem; }
      .form { display: grid; gap: 1.1rem; grid-template-columns: minmax(0, 1fr); }
      .effects dl { margin: 0 0 0.9rem; }
      .effects ul { margin: 0 0 0.9rem; padding-left: 1.2rem; list-style: disc; }
      .effects:focus { outline: none; }
    `,
  ];

  @property({ attribute: false }) sync!: Sync;
  @state() private types: string[] = [];
  @state() private scheduled = false;
  @state() private bare = false;
  @state() private preview: Preview | undefined;
  private wanted: Schemas["SyncChange"] | undefined;

  override willUpdate(changes: PropertyValues): void {
    super.willUpdate(changes);
    if (!changes.has("sync")) return;
    [this.scheduled, this.bare] = [this.sync.every_minutes > 0, this.sync.fetch === "metadata"];
    this.types = [this.sync.document_type];
  }

  // Other types may be chosen when the folder tells of them; it can be changed without.
  override firstUpdated(changes: PropertyValues): void {
    super.firstUpdated(changes);
    const own = this.sync.document_type;
    void get<Schemas["FolderDetail"]>(path("folders", this.sync.folder)).then(
      ({ document_types: all }) => (this.types = all.includes(own) ? all : [own, ...all]), () => {},
    );
  }

  // What a step back shows is what was filled in.
  private get filled(): Sync {
    return { ...this.sync, ...this.wanted, version: this.sync.version };
  }

  protected heading(): string {
    return t("frameio.sync.edit.title", this.sync.folder_title);
  }
  protected confirm(): { label: string; disabled: boolean } {
    if (this.preview) return { label: t("frameio.edit.apply"), disabled: !this.preview.effects.length };
    return { label: t(this.busy ? "frameio.sync.edit.counting" : "frameio.edit.preview"), disabled: false };
  }
  protected override fields(): string[] {
    return this.preview ? [] : ["document_type", ...moreFields];
  }

  protected content(): TemplateResult {
    if (this.preview) return this.effects(this.preview);
    const is = this.filled;
    return html`<p class="soft wrap">${t("frameio.sync.edit.fixed")}</p>
      <div class="form">
        <label>${t("frameio.bind.type")}
          <select name="document_type" aria-invalid=${this.problem?.field === "document_type"}
            aria-describedby="document_type-error">
            ${this.types.map((type) => html`<option value=${type} ?selected=${type === is.document_type}>
              ${typeName(type)}</option>`)}</select>${this.wrong("document_type")}</label>
        ${more({
          wrong: (field) => this.wrong(field), scheduled: this.scheduled, schedule: (yes) => (this.scheduled = yes),
          bare: this.bare, strip: (yes) => (this.bare = yes), is,
        })}</div>`;
  }

  private effects(p: Preview): TemplateResult {
    return html`<div class="effects" tabindex="-1" aria-label=${t("frameio.edit.effects")} role="group">
      ${p.effects.length
        ? html`<dl>${p.effects.map((e) => html`<dt>${label(e)}</dt>
          <dd class="wrap">${t("frameio.sync.edit.change", words(e, e.from), words(e, e.to))}</dd>`)}</dl>`
        : html`<p>${t("frameio.edit.nothing")}</p>`}
      ${p.effects.length
        ? html`<ul>${this.follows(p).map((line) => html`<li class="wrap">${line}</li>`)}</ul>`
        : nothing}
      <button type="button" ?disabled=${this.busy} @click=${this.back}>${t("frameio.edit.back")}</button></div>`;
  }

  // What comes of it, in sentences.
  private follows(p: Preview): string[] {
    const kept = p.effects.some((e) => e.what === "fetch" && e.to === "metadata") ? [t("frameio.sync.edit.kept")] : [];
    const { expected: e } = p;
    if (!e) return kept.length ? kept : [t("frameio.sync.edit.none")];
    const gone = this.filled.gone;
    return [
      ...(p.ends ? [t("frameio.sync.edit.ends")] : []), t("frameio.sync.edit.runs"), ...kept,
      ...(e.new ? [count("frameio.sync.edit.new", e.new)] : []),
      ...(e.left_out ? [count(`frameio.sync.edit.out.${gone}`, e.left_out)] : []),
      ...(e.refetched ? [count("frameio.sync.edit.again", e.refetched)] : []),
      ...(e.bytes && this.filled.fetch === "original" ? [t("frameio.sync.edit.bytes", size(e.bytes))] : []),
      ...(e.complete ? [] : [t("frameio.sync.edit.so-far")]),
    ];
  }

  private readonly back = (): void => {
    [this.preview, this.problem] = [undefined, undefined];
    void this.updateComplete.then(() => this.renderRoot.querySelector("select")?.focus());
  };

  protected override async submit(): Promise<Sync | undefined> {
    const at = path("syncs", this.sync.id);
    if (this.preview) return change<Sync>("PATCH", at, this.wanted);
    const form = new FormData(this.renderRoot.querySelector("form")!);
    this.wanted = {
      version: this.sync.version, document_type: String(form.get("document_type")), ...read(form),
    };
    this.preview = await change<Preview>("POST", `${at}/preview`, this.wanted);
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(".effects")?.focus();
    return undefined;
  }
}

const label = ({ what }: Effect): string => {
  if (what === "document_type") return t("frameio.bind.type");
  return t(what === "earlier_versions" ? "frameio.sync.earlier" : `frameio.sync.${what}`);
};

/** A value of a setting in words. */
function words({ what }: Effect, value: string): string {
  switch (what) {
    case "document_type":
      return typeName(value);
    case "fetch":
    case "gone":
    case "conflicts":
      return t(`frameio.sync.${what}.${value}`);
    case "every":
      return value ? t("frameio.sync.every.is", span(Number(value))) : t("frameio.sync.every.never");
    case "most":
      return value ? t("frameio.sync.most.is", size(Number(value))) : t("frameio.sync.edit.any");
    case "media":
      return value.split(", ").map((m) => m && t(`frameio.sync.media.${m}`)).join(", ") || t("frameio.sync.edit.any");
    case "name":
    case "status":
      return value || t("frameio.sync.edit.any");
  }
  return t(value === "true" ? "frameio.sync.edit.yes" : "frameio.sync.edit.no");
}

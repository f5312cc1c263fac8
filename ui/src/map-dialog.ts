// The dialog that sets a row of the metadata map.

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Schemas, change, get } from "./api.js";
import type { MapScopes } from "./admin-map.js";
import { Dialog } from "./dialog.js";
import { t } from "./i18n.js";

type Row = Schemas["MapRow"];
const kinds = ["text", "number", "date", "yes-no", "list", "vocabulary"] as const;

/** Asks for a row, new or as it is, and sets it; undefined when the person does not. */
export async function mapRow(scopes: MapScopes, row?: Row): Promise<Row | undefined> {
  const dialog = document.createElement("nxf-map-dialog") as MapDialog;
  Object.assign(dialog, { scopes, row });
  return dialog.show();
}

@define("nxf-map-dialog")
export class MapDialog extends Dialog<Row> {
  @property({ attribute: false }) scopes!: MapScopes;
  @property({ attribute: false }) row: Row | undefined;
  @state() private offered: Schemas["MapField"][] = [];

  override firstUpdated(changes: PropertyValues): void {
    super.firstUpdated(changes);
    this.renderRoot.querySelector("input")?.focus();
    // Whoever sees no fields there writes their names.
    get<{ fields: Schemas["MapField"][] }>("/map/fields")
      .then(({ fields }) => (this.offered = fields), () => {});
  }

  protected heading(): string {
    return t(this.row ? "frameio.map.edit.title" : "frameio.map.add");
  }
  protected confirm(): { label: string } {
    return { label: t("frameio.save") };
  }
  protected override fields(): string[] {
    return ["field", "property", "values"];
  }

  protected content(): TemplateResult {
    const r = this.row;
    return html`<label>${t("frameio.map.direction")}<select name="direction">
        ${(["nuxeo", "frameio"] as const).map((d) => html`<option value=${d} ?selected=${r?.direction === d}>
          ${t(`frameio.map.direction.${d}`)}</option>`)}</select></label>
      ${this.text("field", r?.field ?? "", "Job Number", "fields")}
      <datalist id="fields">${this.offered.map((f) => html`<option value=${f.name}></option>`)}</datalist>
      ${this.text("property", r?.property ?? "", "dc:publisher")}
      <label>${t("frameio.map.kind")}<select name="kind">${kinds.map((k) => html`<option value=${k}
        ?selected=${r?.kind === k}>${t(`frameio.map.kind.${k}`)}</option>`)}</select></label>
      <label>${t("frameio.map.values")}
        <textarea name="values" rows="4" spellcheck="false" placeholder="Approved = approved"
          aria-invalid=${this.problem?.field === "values"} aria-describedby="values-hint values-error"
          .value=${Object.entries(r?.values ?? {}).map(([from, to]) => `${from} = ${to}`).join("\n")}></textarea>
        <span class="hint" id="values-hint">${t("frameio.map.values.hint")}</span>${this.wrong("values")}</label>
      ${this.for(r)}
      <label class="option"><input type="checkbox" name="clears" .checked=${r?.clears ?? false}>
        ${t("frameio.map.clears.explain")}</label>
      <label class="option"><input type="checkbox" name="off" .checked=${r?.off ?? false}>
        ${t("frameio.map.off.explain")}</label>`;
  }

  private text(name: string, value: string, example: string, list?: string): TemplateResult {
    return html`<label>${t(`frameio.map.${name}`)}<span aria-hidden="true"> *</span>
      <input name=${name} required maxlength="1000" autocomplete="off" spellcheck="false" .value=${value}
        placeholder=${example} list=${list ?? nothing} aria-invalid=${this.problem?.field === name}
        aria-describedby=${`${name}-hint ${name}-error`}>
      <span class="hint" id=${`${name}-hint`}>${t(`frameio.map.${name}.hint`)}</span>${this.wrong(name)}</label>`;
  }

  private for(r: Row | undefined): TemplateResult {
    const option = (value: string, text: string, on: boolean) =>
      html`<option value=${value} ?selected=${on}>${text}</option>`;
    return html`<label>${t("frameio.map.for")}<select name="for">
      ${option("", t("frameio.map.for.all"), !r?.binding && !r?.sync)}
      ${this.scopes.bindings.map((b) => option(`binding ${b.id}`, t("frameio.map.for.binding", b.action_name,
        b.folder_title), r?.binding === b.id))}
      ${this.scopes.syncs.map((s) => option(`sync ${s.id}`, t("frameio.map.for.sync", s.folder_title),
        r?.sync === s.id))}</select></label>`;
  }

  protected submit(): Promise<Row> {
    const form = new FormData(this.renderRoot.querySelector("form")!);
    const said = (name: string) => String(form.get(name) ?? "").trim();
    const [what, of] = said("for").split(" ");
    return change<Row>("PUT", "/map", {
      ...(this.row ? { id: this.row.id } : {}), ...(what && of ? { [what]: of } : {}),
      direction: said("direction"), field: said("field"), property: said("property"), kind: said("kind"),
      values: valuesIn(said("values")), clears: form.has("clears"), off: form.has("off"),
    });
  }
}

// One value a line: what is read, an equals sign, what is written.
function valuesIn(text: string): Record<string, string> {
  return Object.fromEntries(text.split("\n").filter((line) => line.trim()).map((line) => {
    const at = line.indexOf("=");
    return at < 0 ? [line.trim(), line.trim()] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  }));
}

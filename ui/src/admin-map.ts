// The metadata map: which fields of Frame.io give their values to which properties of Nuxeo, and
// back; and what that would change of one document.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Binding, type Problem, type Schemas, change, get, path, problemOf } from "./api.js";
import { confirm, notice } from "./dialog.js";
import { toast } from "./host.js";
import { Loader } from "./loader.js";
import { mapRow } from "./map-dialog.js";
import { base, controls } from "./styles.js";
import { t } from "./i18n.js";

type Row = Schemas["MapRow"];
type Test = Schemas["MapTest"];
type Change = Schemas["MapChange"];

/** What a row can be for, by its id. */
export interface MapScopes {
  bindings: Binding[];
  syncs: Schemas["Sync"][];
}

@define("nxf-admin-map")
export class AdminMap extends LitElement {
  static override styles = [
    base, controls,
    css`
      .intro { flex: 1 1 20rem; }
      table { width: 100%; min-width: 44rem; border-collapse: collapse; }
      th, td { text-align: start; padding: 0.5rem 0.6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
      th { color: var(--soft); font-size: 0.85rem; font-weight: 600; }
      td { overflow-wrap: anywhere; }
      td button { padding: 0.15rem 0.7rem; font-size: 0.85rem; white-space: nowrap; }
      .scroll { overflow-x: auto; position: relative; }
      form { display: flex; gap: 0.8rem; align-items: end; flex-wrap: wrap; }
      form label { flex: 1; min-width: 16rem; }
    `,
  ];

  private readonly loader = new Loader<{ rows: Row[] } & MapScopes>(this, {
    load: async (_, signal) => {
      const [{ rows }, { bindings }, { syncs }] = await Promise.all([
        get<{ rows: Row[] }>("/map", {}, signal),
        get<{ bindings: Binding[] }>("/bindings", { limit: 500 }, signal),
        get<{ syncs: Schemas["Sync"][] }>("/syncs", { limit: 500 }, signal),
      ]);
      return { rows, bindings, syncs };
    },
    deaf: true,
  });
  @state() private test: Test | undefined;
  @state() private wrong: Problem | undefined;
  @state() private busy = false;

  protected override render(): unknown {
    return this.loader.show(({ rows, ...scopes }) => html`<div class="stack">
      <div class="row between"><p class="soft intro">${t("frameio.map.explain")}</p>
        <button class="primary" @click=${() => void this.edit(scopes)}>${t("frameio.map.add")}</button></div>
      ${rows.length ? this.table(rows, scopes) : html`<p class="soft">${t("frameio.map.none")}</p>`}
      ${this.testing()}</div>`);
  }

  private table(rows: Row[], scopes: MapScopes): TemplateResult {
    return html`<section class="card scroll" tabindex="0" aria-label=${t("frameio.admin.map")}>
      <table><thead><tr>
          <th scope="col">${t("frameio.map.maps")}</th><th scope="col">${t("frameio.map.kind")}</th>
          <th scope="col">${t("frameio.map.values")}</th><th scope="col">${t("frameio.map.for")}</th>
          <th scope="col"><span class="unseen">${t("frameio.map.act")}</span></th></tr></thead>
        <tbody>${rows.map((r) => this.row(r, scopes))}</tbody></table></section>`;
  }

  private row(r: Row, scopes: MapScopes): TemplateResult {
    const values = Object.entries(r.values);
    return html`<tr>
      <td><strong>${rowName(r)}</strong>
        ${r.off ? html`<span class="chip">${t("frameio.map.off")}</span>` : nothing}
        ${r.clears ? html`<span class="chip">${t("frameio.map.clears")}</span>` : nothing}</td>
      <td>${t(`frameio.map.kind.${r.kind}`)}</td>
      <td>${values.map(([from, to]) => html`<div>${from} → ${to}</div>`)}</td>
      <td>${scopeName(r, scopes)}</td>
      <td class="row tight">${r.configured
        ? html`<span class="soft small">${t("frameio.map.configured")}</span>`
        : html`<button @click=${() => void this.edit(scopes, r)}>${t("frameio.map.edit")}
            <span class="unseen"> ${rowName(r)}</span></button>
          <button @click=${() => void this.discard(r)}>${t("frameio.map.remove")}
            <span class="unseen"> ${rowName(r)}</span></button>`}</td></tr>`;
  }

  private async edit(scopes: MapScopes, row?: Row): Promise<void> {
    const set = await mapRow(scopes, row);
    if (!set) return;
    toast(this, t("frameio.map.saved", rowName(set)));
    await this.loader.refresh();
  }

  private async discard(r: Row): Promise<void> {
    const act = (): Promise<void> => change("DELETE", path("map", r.id));
    const question = t("frameio.map.remove.question", rowName(r));
    if (!(await confirm(question, [t("frameio.map.remove.explain")], t("frameio.map.remove"), act))) return;
    toast(this, t("frameio.map.removed", rowName(r)));
    await this.loader.refresh();
  }

  // What would change of a document.
  private testing(): TemplateResult {
    return html`<section class="card stack"><h2>${t("frameio.map.test")}</h2>
      <p class="soft">${t("frameio.map.test.explain")}</p>
      <form @submit=${this.ask}><label>${t("frameio.map.test.document")}
        <input name="document" required autocomplete="off" spellcheck="false"
          placeholder="/default-domain/workspaces/films/Teaser"></label>
        <button ?disabled=${this.busy}>${t(this.busy ? "frameio.busy" : "frameio.map.test.go")}</button></form>
      <div role="status">${this.test ? this.result(this.test) : nothing}</div>
      ${this.wrong ? notice(this.wrong) : nothing}</section>`;
  }

  private async ask(event: Event): Promise<void> {
    event.preventDefault();
    const document = String(new FormData(event.target as HTMLFormElement).get("document") ?? "").trim();
    if (!document || this.busy) return;
    [this.busy, this.wrong, this.test] = [true, undefined, undefined];
    try {
      this.test = await get<Test>(path("documents", document, "map"));
    } catch (thrown) {
      this.wrong = problemOf(thrown);
    } finally {
      this.busy = false;
    }
  }

  private result(d: Test): TemplateResult {
    if (!d.changes.length) return html`<p>${t("frameio.map.test.none", d.title)}</p>`;
    return html`<div class="scroll" tabindex="0" role="group" aria-label=${t("frameio.map.test.of", d.title)}>
      <table><thead><tr>
        <th scope="col">${t("frameio.map.maps")}</th><th scope="col">${t("frameio.map.test.read")}</th>
        <th scope="col">${t("frameio.map.test.before")}</th>
        <th scope="col">${t("frameio.map.test.after")}</th></tr></thead>
        <tbody>${d.changes.map((c) => html`<tr><td>${rowName(c)}</td><td>${c.source || "–"}</td>
          <td>${c.before || "–"}</td><td>${this.outcome(c)}</td></tr>`)}</tbody></table></div>`;
  }

  private outcome(c: Change): TemplateResult {
    return html`${c.writes
      ? html`<strong>${c.after || t("frameio.map.test.empty")}</strong>`
      : html`<span class="soft">${t("frameio.map.test.same")}</span>`}
      ${c.problem ? html`<div class="bad">${c.problem}</div>` : nothing}`;
  }
}

/** A row as people read it, in its direction. */
export function rowName(r: { direction: Row["direction"]; field: string; property: string }): string {
  return r.direction === "frameio" ? `${r.property} → ${r.field}` : `${r.field} → ${r.property}`;
}

function scopeName(r: Row, { bindings, syncs }: MapScopes): string {
  if (r.binding) return bindings.find((b) => b.id === r.binding)?.action_name ?? t("frameio.map.for.ended");
  if (r.sync) return syncs.find((s) => s.id === r.sync)?.folder_title ?? t("frameio.map.for.ended");
  return t("frameio.map.for.all");
}

// One binding: what it is, what arrived through it, and how to change and end it.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Binding, change, get, path } from "./api.js";
import { typeName } from "./bind-dialog.js";
import { connected } from "./connect.js";
import { complain } from "./dialog.js";
import { edit } from "./edit-dialog.js";
import { date } from "./format.js";
import { changed, folderAddress, settled, toast } from "./host.js";
import "./item-list.js";
import { base, controls } from "./styles.js";
import { unbind } from "./unbind-dialog.js";
import { count, t } from "./i18n.js";

@define("nxf-binding-card")
export class BindingCard extends LitElement {
  static override styles = [
    base, controls,
    css`
      nxf-item-list { --nxf-list-height: 23rem; }
      summary { cursor: pointer; font-weight: 600; padding: 0.2rem 0; }
      details[open] summary { margin-bottom: 0.6rem; }
    `,
  ];

  @property({ attribute: false }) binding!: Binding;
  /** Shown among those of other folders: names the folder, keeps what arrived folded. */
  @property({ type: Boolean }) brief = false;
  /** Whether the person may change and end it; the connector decides. */
  @property({ type: Boolean }) writable = false;
  /** Batches that are under way and shown elsewhere, and not listed again. */
  @property({ attribute: false }) without: string[] = [];
  @state() private unfolded = false;

  protected override render(): TemplateResult {
    const b = this.binding;
    return html`<section class="card stack" aria-label=${b.action_name}>
      <div class="row between"><h2 class="wrap grow">${b.action_name}</h2>
        ${b.state === "bound" ? nothing : html`<span class="chip">${t(`frameio.binding.state.${b.state}`)}</span>`}
        ${b.editing ? html`<span class="chip">${t("frameio.binding.editing")}</span>` : nothing}
        ${this.writable ? this.deeds(b) : nothing}</div>
      ${b.needs_owner ? this.ownerless(b.needs_owner) : nothing} ${b.state === "ending" ? this.ending(b) : nothing}
      ${b.state === "failed" && b.reason
        ? html`<div class="notice wrong"><strong class="wrap">${b.reason}</strong></div>`
        : nothing}
      ${this.facts(b)} ${this.arrived(b)}
    </section>`;
  }

  private deeds(b: Binding): TemplateResult {
    return html`${b.state !== "bound" || b.editing
      ? nothing
      : html`<button @click=${this.edit}>${t("frameio.edit")}<span class="unseen"> ${b.action_name}</span></button>`}
      ${b.state === "binding"
        ? nothing
        : html`<button class="danger" @click=${this.unbind}>
          ${t("frameio.unbind")}<span class="unseen"> ${b.action_name}</span></button>`}`;
  }

  private ownerless(why: string): TemplateResult {
    return html`<div class="notice care"><strong>${t("frameio.binding.ownerless")}</strong>
      <span class="wrap">${why}</span>
      ${this.writable
        ? html`<span><button @click=${this.takeOver}>${t("frameio.binding.takeOver")}</button></span>`
        : nothing}</div>`;
  }

  private ending(b: Binding): TemplateResult {
    const until = count("frameio.binding.ending.until", b.under_review ?? 0, date(b.ends ?? ""));
    return html`<div class="notice care"><strong>${t("frameio.binding.ending")}</strong>
      <span class="wrap">${until}</span></div>`;
  }

  private facts(b: Binding): TemplateResult {
    const teams = b.workspaces.map((w) => w.name).join(", ");
    return html`<dl>
      ${this.brief
        ? html`<dt>${t("frameio.binding.folder")}</dt><dd><a href=${folderAddress(b.folder)}>${b.folder_path}</a></dd>`
        : nothing}
      <dt>${t("frameio.binding.name")}</dt><dd>${b.action_name}</dd>
      <dt>${t("frameio.binding.description")}</dt><dd>${b.description}</dd>
      <dt>${t("frameio.binding.creator")}</dt>
      <dd>${b.creator}, <time datetime=${b.created}>${date(b.created)}</time></dd>
      ${b.owner === b.creator ? nothing : html`<dt>${t("frameio.binding.owner")}</dt><dd>${b.owner}</dd>`}
      <dt>${t("frameio.binding.teams")}</dt><dd>${teams}</dd>
      <dt>${t("frameio.binding.type")}</dt><dd>${typeName(b.document_type)}</dd>
      <dt>${t("frameio.binding.who")}</dt><dd>${t(`frameio.who.${b.publishers}`)}</dd>
    </dl>`;
  }

  private arrived(b: Binding): TemplateResult {
    const query = { binding: b.id, kind: "publish", without: this.without.join(",") || undefined };
    const list = html`<nxf-item-list .query=${query} label=${t("frameio.binding.arrived")}
      empty=${t("frameio.binding.arrived.none", b.action_name)}></nxf-item-list>`;
    if (!this.brief) return html`<h3>${t("frameio.binding.arrived")}</h3>${list}`;
    return html`<details @toggle=${(e: Event) => (this.unfolded = (e.target as HTMLDetailsElement).open)}>
      <summary>${t("frameio.binding.arrived")}</summary>${this.unfolded ? list : nothing}</details>`;
  }

  private async edit(): Promise<void> {
    const b = await edit(this.binding);
    if (!b) return;
    this.binding = b;
    toast(this, t(b.editing ? "frameio.edit.going" : "frameio.edit.done", b.action_name));
    changed(this);
  }

  private async unbind(): Promise<void> {
    const b = this.binding;
    const fate = await unbind(b);
    if (!fate) return;
    toast(this, t(fate === "return" ? "frameio.unbind.waiting" : "frameio.unbind.done", b.action_name));
    changed(this);
    await this.gone(b.folder);
  }

  // The facet goes a moment after the last binding, and with it the tab.
  private async gone(folder: string): Promise<void> {
    const known = await get<{ bindings: Binding[] }>("/bindings", { folder }).catch(() => undefined);
    if (known?.bindings.some((b) => b.state !== "unbound")) return;
    await settled(folder, (d) => !d.facets?.includes("FrameioBinding"));
    changed(this);
  }

  private async takeOver(): Promise<void> {
    try {
      if (!(await connected())) return;
      this.binding = await change<Binding>("POST", path("bindings", this.binding.id) + "/owner");
      toast(this, t("frameio.binding.taken"));
      changed(this);
    } catch (thrown) {
      complain(this, thrown);
    }
  }
}

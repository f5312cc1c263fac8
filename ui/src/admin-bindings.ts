// Bindings of everybody, those that need an owner first.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { define } from "./define.js";
import { type Binding, get } from "./api.js";
import "./binding-card.js";
import { Paged } from "./paged.js";
import { base, controls } from "./styles.js";
import { count, t } from "./i18n.js";

const page = 50;

@define("nxf-admin-bindings")
export class AdminBindings extends LitElement {
  static override styles = [base, controls, css`:host { max-width: 60rem; }`];

  private readonly bindings = new Paged<Binding>(this, async (cursor) => {
    const { bindings, next } = await get<{ bindings: Binding[]; next?: string }>("/bindings", { cursor, limit: page });
    return { items: bindings.filter((b) => b.state !== "unbound"), next };
  });

  protected override render(): TemplateResult {
    const instead = this.bindings.instead(t("frameio.bindings.none"));
    if (instead) return instead;
    const ownerless = this.bindings.items.filter((b) => b.needs_owner);
    const owned = this.bindings.items.filter((b) => !b.needs_owner);
    return html`<div class="stack">
      ${ownerless.length ? html`<p class="warn">${count("frameio.bindings.ownerless", ownerless.length)}</p>` : nothing}
      ${[...ownerless, ...owned].map((b) => html`<nxf-binding-card .binding=${b} brief writable></nxf-binding-card>`)}
      ${this.bindings.more()}</div>`;
  }
}

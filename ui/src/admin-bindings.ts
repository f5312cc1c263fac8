// Bindings of everybody, those that need an owner first.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Binding, type Problem, get, problemOf } from "./api.js";
import "./binding-card.js";
import { notice } from "./dialog.js";
import { base, controls } from "./styles.js";
import { count, t } from "./i18n.js";

const page = 50;

@define("nxf-admin-bindings")
export class AdminBindings extends LitElement {
  static override styles = [base, controls, css`:host { max-width: 60rem; }`];

  @state() private bindings: Binding[] | undefined;
  @state() private next: string | undefined;
  @state() private problem: Problem | undefined;
  private readonly refresh = () => void this.load();

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("nxf-changed", this.refresh);
    void this.load();
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("nxf-changed", this.refresh);
  }

  private async load(cursor?: string): Promise<void> {
    try {
      const answer = await get<{ bindings: Binding[]; next?: string }>("/bindings", { cursor, limit: page });
      this.bindings = [...(cursor ? (this.bindings ?? []) : []), ...answer.bindings.filter((b) => b.state !== "unbound")];
      [this.next, this.problem] = [answer.next, undefined];
    } catch (thrown) {
      this.problem = problemOf(thrown);
    }
  }

  protected override render(): TemplateResult {
    if (this.problem) return notice(this.problem, this.refresh);
    if (!this.bindings) return html`<p role="status" class="soft">${t("frameio.loading")}</p>`;
    if (!this.bindings.length && !this.next) return html`<p class="soft">${t("frameio.bindings.none")}</p>`;
    const ownerless = this.bindings.filter((b) => b.needs_owner);
    return html`<div class="stack">${ownerless.length ? html`<p class="warn">${count("frameio.bindings.ownerless", ownerless.length)}</p>` : nothing}
      ${[...ownerless, ...this.bindings.filter((b) => !b.needs_owner)].map((b) => html`<nxf-binding-card .binding=${b} brief></nxf-binding-card>`)}
      ${this.next ? html`<div><button @click=${() => void this.load(this.next)}>${t("frameio.more")}</button></div>` : nothing}</div>`;
  }
}

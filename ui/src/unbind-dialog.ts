// The dialog that ends a binding, and asks what becomes of what is under review.

import { html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Binding, change, path } from "./api.js";
import { Dialog } from "./dialog.js";
import { count, t } from "./i18n.js";

/** What becomes of what is under review; "none" when nothing is. */
type Fate = "none" | "return" | "release";

/** Asks, and unbinds when the person agrees; undefined when they do not. */
export async function unbind(binding: Binding): Promise<Fate | undefined> {
  const dialog = document.createElement("nxf-unbind-dialog") as UnbindDialog;
  dialog.binding = binding;
  return dialog.show();
}

@define("nxf-unbind-dialog")
export class UnbindDialog extends Dialog<Fate> {
  @property({ attribute: false }) binding!: Binding;
  @state() private fate: Fate = "return";

  protected heading(): string {
    return t("frameio.unbind.question", this.binding.folder_title);
  }
  protected confirm(): { label: string; danger: boolean } {
    return { label: t("frameio.unbind"), danger: true };
  }
  protected override fields(): string[] {
    return ["reviews"];
  }

  private get offered(): Fate[] {
    if (this.binding.state === "ending") return ["release"];
    return this.binding.under_review ? ["return", "release"] : [];
  }

  protected content(): TemplateResult {
    const b = this.binding;
    const effect = this.chosen === "return" ? "frameio.unbind.effect.later" : "frameio.unbind.effect";
    return html`<p class="wrap">${t(effect, b.action_name, b.workspaces.map((w) => w.name).join(", "))}</p>
      <p class="wrap">${t("frameio.unbind.stays")}</p>
      ${this.offered.length ? this.choice(b) : nothing}`;
  }

  private choice(b: Binding): TemplateResult {
    return html`<fieldset><legend>${count("frameio.unbind.reviews", b.under_review ?? 0)}</legend>
      ${this.offered.map((fate) => html`<label class="option">
        <input type="radio" name="reviews" .checked=${fate === this.chosen} @change=${() => (this.fate = fate)}>
        <span>${t(`frameio.unbind.${fate}`)}
          <span class="hint">${t(`frameio.unbind.${fate}.hint`)}</span></span></label>`)}
      ${this.wrong("reviews")}
    </fieldset>`;
  }

  private get chosen(): Fate {
    return this.offered.includes(this.fate) ? this.fate : (this.offered[0] ?? "none");
  }

  protected async submit(): Promise<Fate> {
    const fate = this.chosen;
    await change("DELETE", path("bindings", this.binding.id) + (fate === "none" ? "" : `?reviews=${fate}`));
    return fate;
  }
}

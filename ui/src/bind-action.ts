// The entry "Bind to Frame.io" in the menu of a folder in Web UI.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define.js";
import { bindFolder } from "./bind-dialog.js";
import { complain } from "./dialog.js";
import type { NuxeoDocument } from "./host.js";
import { waves } from "./icons.js";
import { t } from "./i18n.js";

/** How actions look among those of Web UI. */
export const action = css`
  :host { display: inline-block; }
  button {
    display: flex; align-items: center; gap: 0.5rem; width: 100%; border: 0; background: none; color: inherit;
    font: inherit; cursor: pointer;
    padding: 8px; min-width: 40px; min-height: 40px; border-radius: 4px; text-align: start;
  }
  button:focus-visible { outline: 2px solid currentColor; outline-offset: -2px; }
  svg { width: 24px; height: 24px; flex: none; }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
`;

/** An action as Web UI has its own: an icon with Nuxeo's tooltip, or with its label in a menu. */
export function actionButton(icon: TemplateResult, label: string, withLabel: boolean, act: () => void): TemplateResult {
  return html`<button id="act" @click=${act}>
    ${icon}<span class=${withLabel ? "label" : "unseen"}>${label}</span></button>
    ${withLabel ? nothing : html`<nuxeo-tooltip for="act" aria-hidden="true">${label}</nuxeo-tooltip>`}`;
}

@define("nxf-bind-action")
export class BindAction extends LitElement {
  static override styles = action;

  @property({ attribute: false }) document: NuxeoDocument | undefined;
  @property({ type: Boolean, attribute: "show-label" }) showLabel = false;

  protected override render(): TemplateResult {
    return actionButton(waves, t("frameio.bind"), this.showLabel, () => void this.bind());
  }

  private async bind(): Promise<void> {
    if (!this.document) return;
    try {
      await bindFolder(this.document.uid, this);
    } catch (thrown) {
      complain(this, thrown);
    }
  }
}

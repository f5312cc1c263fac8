// The entries "Push to Frame.io": in the menu of a document, and among the
// actions on a selection.

import { LitElement, html, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define.js";
import { action } from "./bind-action.js";
import { type NuxeoDocument, toast } from "./host.js";
import { send } from "./icons.js";
import { pushDocuments } from "./push-dialog.js";
import { t } from "./i18n.js";

@define("nxf-push-action")
export class PushAction extends LitElement {
  static override styles = action;

  /** The document of the page. */
  @property({ attribute: false }) document: NuxeoDocument | undefined;
  /** Or those of a selection; a selection of everything has no list. */
  @property({ attribute: false }) items: NuxeoDocument[] | { isSelectAllActive?: boolean } | undefined;
  @property({ type: Boolean, attribute: "show-label" }) showLabel = false;

  protected override render(): TemplateResult {
    const label = t("frameio.push");
    return html`<button title=${label} @click=${this.push}>${send}<span class=${this.showLabel ? "label" : "unseen"}>${label}</span></button>`;
  }

  private push(): Promise<void> | void {
    if (this.document) return pushDocuments([this.document], this);
    if (Array.isArray(this.items)) return pushDocuments(this.items, this);
    toast(this, t("frameio.push.selectSome"));
  }
}

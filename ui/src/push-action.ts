// The entries "Push to Frame.io": in the menu of a document, and among the
// actions on a selection.

import { LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define.js";
import { action, actionButton } from "./bind-action.js";
import { type NuxeoDocument, may } from "./host.js";
import { send } from "./icons.js";
import { type ListView, isListView, listing } from "./listing.js";
import { pushDocuments, pushListing } from "./push-dialog.js";
import { t } from "./i18n.js";

@define("nxf-push-action")
export class PushAction extends LitElement {
  static override styles = action;

  /** The document of the page. */
  @property({ attribute: false }) document: NuxeoDocument | undefined;
  /** Or those of a selection; the list itself where everything in it is selected. */
  @property({ attribute: false }) selection: NuxeoDocument[] | ListView | undefined;
  @property({ type: Boolean, attribute: "show-label" }) showLabel = false;

  protected override render(): TemplateResult | typeof nothing {
    if (!this.offered) return nothing;
    return actionButton(send, t("frameio.push"), this.showLabel, () => void this.push());
  }

  // Nothing is offered of which all would be refused.
  private get offered(): boolean {
    if (!Array.isArray(this.selection)) return true;
    return this.selection.some((d) => may(d, "WriteProperties"));
  }

  private push(): Promise<void> | void {
    if (this.document) return pushDocuments([this.document], this);
    if (isListView(this.selection)) return pushListing(listing(this.selection), this);
    return pushDocuments(this.selection ?? [], this);
  }
}

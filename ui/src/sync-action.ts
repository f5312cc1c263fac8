// The entry "Sync to Frame.io folder" in the menu of a folder in Web UI.

import { LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define.js";
import { action, actionButton } from "./bind-action.js";
import type { NuxeoDocument } from "./host.js";
import { round } from "./icons.js";
import { syncFolder } from "./sync-dialog.js";
import { t } from "./i18n.js";

@define("nxf-sync-action")
export class SyncAction extends LitElement {
  static override styles = action;

  @property({ attribute: false }) document: NuxeoDocument | undefined;
  @property({ type: Boolean, attribute: "show-label" }) showLabel = false;

  protected override render(): TemplateResult {
    return actionButton(round, t("frameio.sync"), this.showLabel, () => this.sync());
  }

  private sync(): void {
    if (this.document) void syncFolder(this.document.uid, this);
  }
}

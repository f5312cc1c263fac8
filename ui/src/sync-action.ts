// The entry "Sync to Frame.io folder" in the menu of a folder in Web UI.

import { LitElement, html, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define.js";
import { action } from "./bind-action.js";
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
    const label = t("frameio.sync");
    return html`<button title=${label} @click=${this.sync}>${round}<span class=${this.showLabel ? "label" : "unseen"}>${label}</span></button>`;
  }

  private sync(): void {
    if (this.document) void syncFolder(this.document.uid, this);
  }
}

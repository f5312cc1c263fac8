// Stands in for a tab that a document no longer has, or never had: an old address leads
// to it, or the tab has gone while it was open. Web UI would show an empty page.

import { LitElement } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define.js";
import type { NuxeoDocument } from "./host.js";
import { Shown } from "./shown.js";

@define("nxf-gone")
export class Gone extends LitElement {
  @property({ attribute: false }) document: NuxeoDocument | undefined;
  private readonly shown = new Shown(this, () => {});

  protected override createRenderRoot(): HTMLElement {
    this.style.display = "block";
    return this;
  }

  protected override updated(): void {
    if (this.shown.now && this.document) this.dispatchEvent(new CustomEvent("navigate", { bubbles: true, composed: true, detail: { doc: this.document } }));
  }
}

// Stands in for a tab that a document does not have, as far as Web UI knows: an old address
// leads to it, or the tab has gone while it was open. Web UI would show an empty page.

import { LitElement } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define.js";
import { type NuxeoDocument, fromNuxeo, pageChanged } from "./host.js";
import { Shown } from "./shown.js";

/** Whether a document has the tab of a name, as what we contribute decides it. */
function has(document: NuxeoDocument, tab: string): boolean {
  const facets = document.facets ?? [];
  if (tab === "frameio-sync") return facets.includes("FrameioSync");
  return facets.includes(facets.includes("Folderish") ? "FrameioBinding" : "FrameioAsset");
}

@define("nxf-gone")
export class Gone extends LitElement {
  /** Of the tab. */
  @property() name = "";
  @property({ attribute: false }) document: NuxeoDocument | undefined;
  private leaving = false;
  private readonly shown = new Shown(this, () => {});

  protected override createRenderRoot(): HTMLElement {
    this.style.display = "block";
    return this;
  }

  protected override updated(): void {
    // Web UI may have only a part of the document while it is on its way.
    if (this.shown.now && this.document?.path && !this.leaving) void this.leave(this.document);
  }

  // What Web UI knows may be old: then it has to look again.
  private async leave(document: NuxeoDocument): Promise<void> {
    this.leaving = true;
    const now = await fromNuxeo(document.uid);
    this.leaving = false;
    if (!this.shown.now || this.document?.uid !== document.uid) return;
    if (now && has(now, this.name)) return pageChanged(this);
    this.dispatchEvent(new CustomEvent("navigate", { bubbles: true, composed: true, detail: { doc: document } }));
  }
}

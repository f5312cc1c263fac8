// Documents that were pushed together, while they are on their way: how many are
// there, and how long it takes still. Nothing shows when there are none.

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Schemas, get } from "./api.js";
import { left } from "./format.js";
import { base, controls } from "./styles.js";
import { count, t } from "./i18n.js";

type Batch = Schemas["PushBatch"];

const looksEvery = 5000; // ms

@define("nxf-batches")
export class Batches extends LitElement {
  static override styles = [
    base, controls,
    css`
      ul.card { margin: 0; padding: 0.3rem 1.2rem; list-style: none; }
      li { display: grid; gap: 0.3rem; padding: 0.7rem 0; border-bottom: 1px solid var(--line); }
      li:last-child { border: 0; }
    `,
  ];

  /** The bound folder whose documents they are; empty: any. */
  @property() folder = "";
  /** Whether it names who pushed. */
  @property({ type: Boolean }) owners = false;
  @state() private batches: Batch[] = [];
  private timer = 0;

  private readonly load = async (): Promise<void> => {
    try {
      this.batches = (await get<{ batches: Batch[] }>("/batches", { folder: this.folder || undefined })).batches;
    } catch {
      this.batches = []; // the list below says what is wrong
    }
  };

  protected override willUpdate(changes: PropertyValues): void {
    if (changes.has("folder")) void this.load();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("nxf-changed", this.load);
    this.timer = window.setInterval(() => document.visibilityState === "visible" && void this.load(), looksEvery);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("nxf-changed", this.load);
    window.clearInterval(this.timer);
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.batches.length) return nothing;
    return html`<ul class="card" aria-label=${t("frameio.batches")}>${this.batches.map((b) => this.row(b))}</ul>`;
  }

  private row(b: Batch): TemplateResult {
    const to = t("frameio.batch", [b.team_name, b.project_name, b.frameio_folder_name].filter(Boolean).join(" / "));
    const parts = [t("frameio.batch.far", b.arrived, b.documents)];
    if (b.failed) parts.push(count("frameio.batch.failed", b.failed));
    if (b.seconds_left !== undefined) parts.push(left(b.seconds_left));
    if (this.owners) parts.push(b.pushed_by);
    return html`<li><strong class="wrap">${to}</strong><progress max=${b.documents} .value=${b.arrived + b.failed} aria-label=${to}></progress><span class="soft">${parts.join(" · ")}</span></li>`;
  }
}

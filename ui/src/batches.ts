// Documents that were pushed together, while they are on their way: how many are
// there, and how long it takes still. Nothing shows when there are none.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define.js";
import { type Schemas, get } from "./api.js";
import { left } from "./format.js";
import { Loader } from "./loader.js";
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
  private readonly list = new Loader<{ batches: Batch[] }>(this, {
    key: () => this.folder,
    load: (folder, signal) => get("/batches", { folder }, signal),
    every: () => looksEvery,
  });

  // The list below says what is wrong.
  protected override render(): TemplateResult | typeof nothing {
    const { batches } = (!this.list.problem && this.list.value) || { batches: [] };
    if (!batches.length) return nothing;
    return html`<ul class="card" aria-label=${t("frameio.batches")}>${batches.map((b) => this.row(b))}</ul>`;
  }

  private row(b: Batch): TemplateResult {
    const to = t("frameio.batch", [b.team_name, b.project_name, b.frameio_folder_name].filter(Boolean).join(" / "));
    const parts = [t("frameio.batch.far", b.arrived, b.documents)];
    if (b.failed) parts.push(count("frameio.batch.failed", b.failed));
    if (b.seconds_left !== undefined) parts.push(left(b.seconds_left));
    if (this.owners) parts.push(b.pushed_by);
    return html`<li><strong class="wrap">${to}</strong>
      <progress max=${b.documents} .value=${b.arrived + b.failed} aria-label=${to}></progress>
      <span class="soft">${parts.join(" · ")}</span></li>`;
  }
}

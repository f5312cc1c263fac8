// The runs of a synchronization: when, why, and what became of them.

import { LitElement, css, html, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define.js";
import { get, path } from "./api.js";
import { clock, date } from "./format.js";
import { itemAddress, ownPages } from "./host.js";
import { Paged } from "./paged.js";
import { base, controls } from "./styles.js";
import { type Run, type Sync, checking, runState, underWay } from "./sync-words.js";
import { t } from "./i18n.js";

/** How long a run took. */
const took = (run: Run): string => (run.ended ? clock((Date.parse(run.ended) - Date.parse(run.began)) / 1000) : "");

/** What became of a run, which is not known while it is under way. */
function became(run: Run): string | undefined {
  if (run.state === "running") return undefined;
  return run.state === "done" ? [run.summary, run.message].filter(Boolean).join(". ") : (run.message ?? run.summary);
}

@define("nxf-sync-runs")
export class SyncRuns extends LitElement {
  static override styles = [
    base, controls,
    css`
      table { width: 100%; border-collapse: collapse; }
      th, td { text-align: start; padding: 0.5rem 0.6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
      th { color: var(--soft); font-weight: 600; font-size: 0.85rem; }
      tr:last-child td { border: 0; }
      td:nth-child(3), th { white-space: nowrap; }
      td:nth-child(4) { overflow-wrap: anywhere; }
      @media (max-width: 40rem) { .wide { display: none; } }
    `,
  ];

  @property({ attribute: false }) sync!: Sync;
  private readonly runs = new Paged<Run>(this, async () => {
    const { runs } = await get<{ runs: Run[] }>(`${path("syncs", this.sync.id)}/runs`);
    return { items: runs };
  }, { revision: () => [this.sync.last?.id, underWay(this.sync), checking(this.sync)].join() });

  protected override render(): TemplateResult {
    return html`<section class="card stack" aria-label=${t("frameio.sync.runs")}><h2>${t("frameio.sync.runs")}</h2>
      ${this.runs.instead(t("frameio.sync.runs.none")) ?? this.table()}</section>`;
  }

  private table(): TemplateResult {
    return html`<table><thead><tr>
        <th scope="col">${t("frameio.item.created")}</th><th scope="col" class="wide">${t("frameio.sync.runs.why")}</th>
        <th scope="col">${t("frameio.item.state")}</th><th scope="col">${t("frameio.sync.runs.what")}</th>
        <th scope="col" class="wide">${t("frameio.item.took")}</th></tr></thead>
      <tbody>${this.runs.items.map((run) => this.row(run))}</tbody></table>`;
  }

  private row(run: Run): TemplateResult {
    const began = html`<time datetime=${run.began}>${date(run.began)}</time>`;
    return html`<tr>
      <td>${run.item ? html`<a href=${itemAddress(run.item)} target=${ownPages()}>${began}</a>` : began}</td>
      <td class="wide">${t(`frameio.sync.why.${run.why.replaceAll(" ", "-")}`, run.by)}</td><td>${runState(run)}</td>
      <td>${became(run)}</td><td class="wide">${took(run)}</td></tr>`;
  }
}

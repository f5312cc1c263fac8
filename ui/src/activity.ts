// Everything of mine that goes on or went on; of everybody's for administrators.

import { LitElement, css, html, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import "./batches.js";
import "./item-list.js";
import { base, controls } from "./styles.js";
import "./sync-list.js";
import { t } from "./i18n.js";

const states = ["", "running", "waiting", "failed", "done", "canceled"] as const;

@define("nxf-activity")
export class Activity extends LitElement {
  static override styles = [
    base, controls,
    css`
      .choice {
        border: 1px solid var(--edge); border-radius: 99px; padding: 0.2rem 0.9rem; color: var(--text);
        font-weight: 400;
      }
      .choice[aria-pressed="true"], .choice[aria-pressed="true"]:hover:not(:disabled) {
        background: var(--fill); border-color: var(--fill); color: var(--on-fill);
      }
    `,
  ];

  @property({ type: Boolean }) administrator = false;
  // What is chosen stands in the address, so that it survives a reload and a sign-in.
  @state() private chosen = states.find((s) => s === new URLSearchParams(location.search).get("state")) ?? "";

  private choose(chosen: (typeof states)[number]): void {
    this.chosen = chosen;
    history.replaceState(history.state, "", chosen ? `?state=${chosen}` : location.pathname);
  }

  protected override render(): TemplateResult {
    return html`<div class="stack">
      <div><h1>${t("frameio.activity")}</h1>
        <p class="soft">${t(this.administrator ? "frameio.activity.all" : "frameio.activity.mine")}</p></div>
      <nxf-batches ?owners=${this.administrator}></nxf-batches>
      <nxf-sync-list lively></nxf-sync-list>
      <div class="row" role="group" aria-label=${t("frameio.activity.filter")}>
        ${states.map((s) => html`<button class="choice" aria-pressed=${this.chosen === s}
          @click=${() => this.choose(s)}>
          ${t(s ? `frameio.state.${s}` : "frameio.activity.everything")}</button>`)}</div>
      <nxf-item-list .query=${{ state: this.chosen || undefined }} ?owners=${this.administrator}
        label=${t("frameio.activity")}
        empty=${t(this.chosen ? "frameio.activity.none" : "frameio.activity.empty")}></nxf-item-list>
    </div>`;
  }
}

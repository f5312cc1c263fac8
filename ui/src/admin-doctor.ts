// The doctor as a page: every check with a tick, or with what is wrong and what
// to do.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { define } from "./define.js";
import { type Schemas, change } from "./api.js";
import { notice, openPage } from "./dialog.js";
import { care, cross, dash, tick } from "./icons.js";
import { Loader } from "./loader.js";
import { base, controls } from "./styles.js";
import { count, t } from "./i18n.js";

type Finding = Schemas["Finding"];

const marks: Record<Finding["mark"], [TemplateResult, string]> = {
  ok: [tick, "good"], warning: [care, "warn"], broken: [cross, "bad"], skipped: [dash, "soft"],
};

@define("nxf-admin-doctor")
export class AdminDoctor extends LitElement {
  static override styles = [
    base, controls,
    css`
      li {
        display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 0.8rem; padding: 0.6rem 0;
        border-bottom: 1px solid var(--line);
      }
      li:last-child { border: 0; }
      .remedy { margin-top: 0.2rem; white-space: pre-wrap; }
      svg { display: block; margin-top: 0.1rem; }
    `,
  ];

  private readonly report = new Loader<{ findings: Finding[] }>(this, {
    load: () => change("POST", "/doctor"), deaf: true,
  });

  protected override render(): TemplateResult {
    const { busy, problem, value, refresh } = this.report;
    return html`<div class="stack">
      <div class="row between"><p role="status" class="grow">${this.summary()}</p>
        <button ?disabled=${busy} @click=${refresh}>${t("frameio.doctor.again")}</button></div>
      ${problem ? notice(problem) : nothing}
      ${value ? html`<ul class="card">${value.findings.map((f) => this.finding(f))}</ul>` : nothing}</div>`;
  }

  private summary(): string {
    const { busy, value } = this.report;
    if (busy) return t("frameio.doctor.looking");
    if (!value) return "";
    const n = value.findings.filter((f) => f.mark === "broken" || f.mark === "warning").length;
    return n ? count("frameio.doctor.found", n) : t("frameio.doctor.well");
  }

  private finding(f: Finding): TemplateResult {
    const [picture, tone] = marks[f.mark];
    return html`<li><span class=${tone}>${picture}<span class="unseen">${t(`frameio.doctor.${f.mark}`)}</span></span>
      <div><strong class="wrap">${f.name}</strong><div class="soft wrap">${f.detail}</div>
        ${f.remedy ? html`<div class="remedy wrap">${f.remedy} ${openPage(f.page)}</div>` : nothing}</div></li>`;
  }
}

// The doctor as a page: every check with a tick, or with what is wrong and what
// to do.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Problem, type Schemas, change, problemOf } from "./api.js";
import { notice, openPage } from "./dialog.js";
import { care, cross, dash, tick } from "./icons.js";
import { base, controls } from "./styles.js";
import { count, t } from "./i18n.js";

type Finding = Schemas["Finding"];

const marks: Record<Finding["mark"], [TemplateResult, string]> = { ok: [tick, "good"], warning: [care, "warn"], broken: [cross, "bad"], skipped: [dash, "soft"] };

@define("nxf-admin-doctor")
export class AdminDoctor extends LitElement {
  static override styles = [
    base, controls,
    css`
      li { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 0.8rem; padding: 0.6rem 0; border-bottom: 1px solid var(--line); }
      li:last-child { border: 0; }
      .remedy { margin-top: 0.2rem; white-space: pre-wrap; }
      svg { display: block; margin-top: 0.1rem; }
    `,
  ];

  @state() private findings: Finding[] | undefined;
  @state() private problem: Problem | undefined;
  @state() private busy = false;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.examine();
  }

  private async examine(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      this.findings = (await change<{ findings: Finding[] }>("POST", "/doctor")).findings;
      this.problem = undefined;
    } catch (thrown) {
      this.problem = problemOf(thrown);
    } finally {
      this.busy = false;
    }
  }

  protected override render(): TemplateResult {
    return html`<div class="stack"><div class="row between"><p role="status" class="grow">${this.summary()}</p><button ?disabled=${this.busy} @click=${() => void this.examine()}>${t("frameio.doctor.again")}</button></div>
      ${this.problem ? notice(this.problem) : nothing}
      ${this.findings ? html`<ul class="card">${this.findings.map((f) => this.finding(f))}</ul>` : nothing}</div>`;
  }

  private summary(): string {
    if (this.busy) return t("frameio.doctor.looking");
    const n = (this.findings ?? []).filter((f) => f.mark === "broken" || f.mark === "warning").length;
    if (!this.findings) return "";
    return n ? count("frameio.doctor.found", n) : t("frameio.doctor.well");
  }

  private finding(f: Finding): TemplateResult {
    const [picture, tone] = marks[f.mark];
    return html`<li><span class=${tone}>${picture}<span class="unseen">${t(`frameio.doctor.${f.mark}`)}</span></span>
      <div><strong class="wrap">${f.name}</strong><div class="soft wrap">${f.detail}</div>${f.remedy ? html`<div class="remedy wrap">${f.remedy} ${openPage(f.page)}</div>` : nothing}</div></li>`;
  }
}

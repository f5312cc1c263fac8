// How the installation is: what waits and runs, the nodes, the regular chores,
// and the pause for maintenance.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Schemas, change, get, path, problemOf } from "./api.js";
import { confirm } from "./dialog.js";
import { clock, date } from "./format.js";
import { since } from "./since.js";
import { toast } from "./host.js";
import { Loader } from "./loader.js";
import { base, controls } from "./styles.js";
import { language, t } from "./i18n.js";

type Status = Schemas["Status"];
const looksEvery = 5000; // ms
const states = ["running", "waiting", "failed", "done", "canceled"] as const;

/** The head of a table; what its last column is for may be seen in each row. */
const heads = (...columns: string[]): TemplateResult => html`<thead><tr>${columns.map((c) => html`<th scope="col">
  <span class=${c === "now" ? "unseen" : ""}>${t(`frameio.health.${c}`)}</span></th>`)}</tr></thead>`;

/** What a chore has found. */
function found(c: Status["chores"][number]): string {
  if (c.lines.length) return c.lines.join(" ");
  if (c.removed) return t("frameio.health.removed", c.removed);
  return c.ended ? t("frameio.health.nothing") : "";
}

@define("nxf-admin-health")
export class AdminHealth extends LitElement {
  static override styles = [
    base, controls,
    css`
      .numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 0.8rem; }
      .number { padding: 0.8rem 1rem; }
      .number strong { display: block; font-size: 1.6rem; font-variant-numeric: tabular-nums; line-height: 1.2; }
      table { width: 100%; min-width: 34rem; border-collapse: collapse; }
      th, td { text-align: start; padding: 0.5rem 0.6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
      th { color: var(--soft); font-size: 0.85rem; font-weight: 600; }
      .scroll { overflow-x: auto; position: relative; }
      td button { padding: 0.15rem 0.7rem; font-size: 0.85rem; white-space: nowrap; }
    `,
  ];

  @state() private doing = "";
  private readonly status = new Loader<Status>(this, {
    load: (_, signal) => get("/status", {}, signal), every: () => looksEvery, deaf: true,
  });

  protected override render(): unknown {
    return this.status.show((s) => html`<div class="stack">
      ${this.pause(s)} ${this.numbers(s)} ${this.nodes(s)} ${this.chores(s)}
      <p class="small soft">nuxeo-frameio ${s.version} · ${t(`frameio.health.${s.database}`)}</p></div>`);
  }

  private pause(s: Status): TemplateResult {
    if (!s.paused) {
      return html`<div class="row">
        <button @click=${this.stop}>${t("frameio.health.pause")}</button>
        <span class="small soft grow">${t("frameio.health.pause.hint")}</span></div>`;
    }
    return html`<div class="notice care">
      <strong>${t("frameio.health.paused", s.paused.by, date(s.paused.since))}</strong>
      ${s.paused.reason ? html`<span class="wrap">${s.paused.reason}</span>` : nothing}
      ${s.paused.running ? html`<span>${t("frameio.health.paused.running", s.paused.running)}</span>` : nothing}
      <span><button class="primary" @click=${() => void this.act("DELETE", "/pause")}>
        ${t("frameio.health.resume")}</button></span></div>`;
  }

  private numbers(s: Status): TemplateResult {
    const number = (what: string, n: string): TemplateResult =>
      html`<div class="card number"><span class="soft small">${t(what)}</span><strong>${n}</strong></div>`;
    return html`<div class="numbers">
      ${states.map((x) => number(`frameio.state.${x}`, (s.items[x] ?? 0).toLocaleString(language())))}
      ${number("frameio.health.oldest", clock(s.oldest_due_seconds))}</div>`;
  }

  private nodes(s: Status): TemplateResult {
    return html`<section class="card stack tight scroll" tabindex="0" aria-label=${t("frameio.health.nodes")}>
      <h2>${t("frameio.health.nodes")}</h2>
      <table>${heads("node", "version", "started", "seen")}
        <tbody>${s.nodes.map((n) => html`<tr>
          <td>${n.host} <span class="chip ${n.alive ? "good" : ""}">
            ${t(n.alive ? "frameio.health.alive" : "frameio.health.gone")}</span></td>
          <td>${n.version}</td><td>${date(n.started)}</td><td>${since(n.seen)}</td></tr>`)}</tbody></table></section>`;
  }

  private chores(s: Status): TemplateResult {
    return html`<section class="card stack tight scroll" tabindex="0" aria-label=${t("frameio.health.chores")}>
      <h2>${t("frameio.health.chores")}</h2>
      <table>${heads("chore", "last", "found", "now")}
        <tbody>${s.chores.map((c) => html`<tr>
          <td><strong>${c.name}</strong><br><span class="small soft">${c.what}</span></td>
          <td>${c.ended ? since(c.ended) : t("frameio.health.never")}</td>
          <td class="wrap">${c.problem ? html`<span class="bad">${c.problem}</span>` : found(c)}</td>
          <td><button ?disabled=${this.doing === c.name} @click=${() => void this.do(c.name)}>
            ${t("frameio.health.now")}<span class="unseen"> ${c.name}</span></button></td></tr>`)}</tbody>
      </table></section>`;
  }

  private async do(chore: string): Promise<void> {
    this.doing = chore;
    await this.act("POST", path("chores", chore));
    this.doing = "";
  }

  private async act(method: "POST" | "DELETE", where: string): Promise<void> {
    try {
      await change(method, where);
    } catch (thrown) {
      toast(this, problemOf(thrown).message);
    }
    await this.status.refresh();
  }

  private async stop(): Promise<void> {
    await confirm(
      t("frameio.health.pause.question"), [t("frameio.health.pause.explain")], t("frameio.health.pause"),
      () => change("POST", "/pause", {}),
    );
    await this.status.refresh();
  }
}

// Where a binding tells what happens: its channels, in the dialog that changes it. Each is set, tried and
// removed by itself; the binding stays what it is.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Problem, type Schemas, change, get, path, problemOf } from "./api.js";
import { type Channel, channelName, editChannel, eventName } from "./channel-dialog.js";
import { showLog } from "./channel-log.js";
import { confirm, notice } from "./dialog.js";
import { base, controls } from "./styles.js";
import { t } from "./i18n.js";

@define("nxf-channels")
export class Channels extends LitElement {
  static override styles = [
    base, controls,
    css`
      li { border-top: 1px solid var(--line); padding: 0.6rem 0; display: grid; gap: 0.4rem; }
      li button { padding: 0.15rem 0.7rem; font-size: 0.85rem; }
    `,
  ];

  /** The id of the binding. */
  @property() binding = "";
  @state() private channels: Channel[] | undefined;
  @state() private broken: Problem | undefined;
  @state() private busy = false;
  @state() private said = "";

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  private at(...more: string[]): string {
    return path("bindings", this.binding, "channels", ...more);
  }

  private async load(): Promise<void> {
    this.broken = undefined;
    try {
      this.channels = (await get<{ channels: Channel[] }>(this.at())).channels;
    } catch (thrown) {
      this.broken = problemOf(thrown);
    }
  }

  protected override render(): TemplateResult {
    return html`<section class="stack tight" aria-labelledby="heading">
      <div class="row between"><h3 id="heading">${t("frameio.channels")}</h3>
        <button type="button" ?disabled=${this.busy} @click=${() => void this.edit()}>
          ${t("frameio.channels.add")}</button></div>
      <p class="soft small">${t("frameio.channels.explain")}</p>
      ${this.broken ? notice(this.broken, () => void this.load()) : this.list()}
      <p class="small wrap" role="status">${this.said}</p></section>`;
  }

  private list(): TemplateResult {
    if (!this.channels) return html`<p role="status" class="soft">${t("frameio.loading")}</p>`;
    if (!this.channels.length) return html`<p class="soft">${t("frameio.channels.none")}</p>`;
    return html`<ul>${this.channels.map((c) => this.channel(c))}</ul>`;
  }

  private channel(c: Channel): TemplateResult {
    const act = (key: string, run: () => unknown, danger = false) => html`<button type="button"
      class=${danger ? "danger" : nothing} ?disabled=${this.busy} @click=${run}>
      ${t(key)}<span class="unseen"> ${channelName(c)}</span></button>`;
    return html`<li>
      <div class="wrap"><strong>${channelName(c)}</strong> <span class="soft small">${c.place}</span></div>
      <div class="row tight">
        ${c.events.map((e) => html`<span class="chip">${eventName(e, c.overdue_days)}</span>`)}</div>
      <div class="row tight">
        ${act("frameio.channels.test", () => void this.test(c))}
        ${act("frameio.channels.log", () => void this.log(c))}
        ${act("frameio.channels.edit", () => void this.edit(c))}
        ${act("frameio.channels.remove", () => void this.drop(c), true)}</div></li>`;
  }

  private async edit(c?: Channel): Promise<void> {
    this.said = "";
    await editChannel(this.binding, c);
    await this.load();
  }

  private async log(c: Channel): Promise<void> {
    await showLog(this.binding, c);
  }

  private async test(c: Channel): Promise<void> {
    [this.busy, this.said] = [true, t("frameio.channels.testing", channelName(c))];
    try {
      const d = await change<Schemas["Delivery"]>("POST", this.at(c.id, "test"));
      this.said = d.state === "failed"
        ? t("frameio.channels.test.failed", channelName(c), d.problem ?? "")
        : t(`frameio.channels.test.${d.state === "delivered" ? "done" : "going"}`, channelName(c));
    } catch (thrown) {
      const p = problemOf(thrown);
      this.said = `${p.message} ${p.remedy}`.trim();
    } finally {
      this.busy = false;
    }
  }

  private async drop(c: Channel): Promise<void> {
    const removed = await confirm(
      t("frameio.channels.remove.question", channelName(c)), [t("frameio.channels.remove.explain")],
      t("frameio.channels.remove"), () => change("DELETE", this.at(c.id)),
    );
    if (removed) await this.load();
  }
}

// The dialog with the messages to a channel.

import { css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { Problem, type Schemas, change, get, path, problemOf } from "./api.js";
import { type Channel, channelName } from "./channel-dialog.js";
import { Dialog, notice } from "./dialog.js";
import { date } from "./format.js";
import { count, t } from "./i18n.js";

type Delivery = Schemas["Delivery"];
type Page = { deliveries: Delivery[]; next?: string };

/** Shows the messages to a channel, until the person has seen enough. */
export async function showLog(binding: string, channel: Channel): Promise<void> {
  const dialog = document.createElement("nxf-channel-log") as ChannelLog;
  Object.assign(dialog, { binding, channel });
  await dialog.show();
}

@define("nxf-channel-log")
export class ChannelLog extends Dialog<void> {
  static override styles = [
    ...Dialog.styles,
    css`
      li { border-top: 1px solid var(--line); padding: 0.6rem 0; display: grid; gap: 0.25rem; }
      li button { padding: 0.15rem 0.7rem; font-size: 0.85rem; justify-self: start; }
    `,
  ];

  @property() binding = "";
  @property({ attribute: false }) channel!: Channel;
  @state() private deliveries: Delivery[] | undefined;
  @state() private next: string | undefined;
  @state() private broken: Problem | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  private at(...more: string[]): string {
    return path("bindings", this.binding, "channels", this.channel.id, "deliveries", ...more);
  }

  private async load(cursor?: string): Promise<void> {
    this.broken = undefined;
    try {
      const page = await get<Page>(this.at(), { cursor });
      this.deliveries = [...(cursor ? (this.deliveries ?? []) : []), ...page.deliveries];
      this.next = page.next;
    } catch (thrown) {
      this.broken = problemOf(thrown);
    }
  }

  protected heading(): string {
    return t("frameio.channels.log.title", channelName(this.channel));
  }
  protected confirm(): undefined {
    return undefined;
  }
  protected async submit(): Promise<undefined> {
    return undefined;
  }

  protected content(): TemplateResult {
    if (this.broken) return notice(this.broken, () => void this.load());
    if (!this.deliveries) return html`<p role="status" class="soft">${t("frameio.loading")}</p>`;
    if (!this.deliveries.length) return html`<p class="soft">${t("frameio.channels.log.none")}</p>`;
    return html`<ul aria-live="polite">${this.deliveries.map((d) => this.delivery(d))}</ul>
      ${this.next
        ? html`<button type="button" @click=${() => void this.load(this.next)}>${t("frameio.more")}</button>`
        : nothing}`;
  }

  private delivery(d: Delivery): TemplateResult {
    const again = d.state === "failed" || (d.state === "waiting" && d.attempts > 0);
    const title = d.title || t("frameio.channels.log.gathers", d.events);
    const more = [
      d.attempts ? count("frameio.channels.log.tries", d.attempts) : "",
      d.status ? t("frameio.channels.log.status", d.status) : "",
      d.state === "waiting" && d.due ? t("frameio.channels.log.due", date(d.due)) : "",
    ].filter(Boolean).map((text) => ` · ${text}`);
    return html`<li>
      <div class="row between"><strong class="wrap grow">${title}</strong>
        <span class="chip">${t(`frameio.channels.state.${d.state}`)}</span></div>
      <span class="soft small"><time datetime=${d.created}>${date(d.created)}</time>${more}</span>
      ${d.problem && d.state !== "delivered" ? html`<span class="wrap bad">${d.problem}</span>` : nothing}
      ${again
        ? html`<button type="button" ?disabled=${this.busy} @click=${() => void this.retry(d)}>
          ${t("frameio.channels.log.retry")}<span class="unseen"> ${d.title}</span></button>`
        : nothing}</li>`;
  }

  private async retry(d: Delivery): Promise<void> {
    [this.busy, this.problem] = [true, undefined];
    try {
      const now = await change<Delivery>("POST", this.at(d.id, "retry"));
      this.deliveries = this.deliveries?.map((one) => (one.id === now.id ? now : one));
    } catch (thrown) {
      this.problem = problemOf(thrown);
    } finally {
      this.busy = false;
    }
  }
}

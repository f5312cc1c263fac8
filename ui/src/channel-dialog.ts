// The dialog that adds a channel to a binding, or changes one.

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { Problem, type Schemas, change, path } from "./api.js";
import { Dialog } from "./dialog.js";
import { count, t } from "./i18n.js";

export type Channel = Schemas["Channel"];
type Saved = Schemas["ChannelSaved"];
type Kind = Schemas["ChannelKind"];

const kinds: Kind[] = ["slack", "teams", "webhook"];
const events: Schemas["ChannelEvent"][] = ["arrived", "commented", "approved", "rejected", "overdue", "failed"];

/** What people call a channel. */
export const channelName = (c: Channel): string =>
  c.name ? `${t(`frameio.channel.kind.${c.kind}`)} · ${c.name}` : t(`frameio.channel.kind.${c.kind}`);

/** What a channel is told, in words. */
export function eventName(event: Schemas["ChannelEvent"], days: number): string {
  return event === "overdue" ? count("frameio.channel.overdue.after", days) : t(`frameio.channel.event.${event}`);
}

/** Asks for a channel, new or as it is, and saves it; undefined when nothing was saved, or a secret was shown. */
export async function editChannel(binding: string, channel?: Channel): Promise<Saved | undefined> {
  const dialog = document.createElement("nxf-channel-dialog") as ChannelDialog;
  Object.assign(dialog, { binding, channel });
  return dialog.show();
}

@define("nxf-channel-dialog")
export class ChannelDialog extends Dialog<Saved> {
  static override styles = [
    ...Dialog.styles,
    css`code { overflow-wrap: anywhere; user-select: all; }`,
  ];

  @property() binding = "";
  @property({ attribute: false }) channel: Channel | undefined;
  @state() private kind: Kind = "slack";
  @state() private secret = "";

  override firstUpdated(changes: PropertyValues): void {
    super.firstUpdated(changes);
    this.renderRoot.querySelector<HTMLElement>("select, input")?.focus();
  }

  protected heading(): string {
    return this.channel ? t("frameio.channel.title.edit", channelName(this.channel)) : t("frameio.channel.title.add");
  }
  protected confirm(): { label: string } | undefined {
    return this.secret ? undefined : { label: t("frameio.save") };
  }
  protected override fields(): string[] {
    return this.secret ? [] : ["address", "name", "events", "overdue_days"];
  }

  protected content(): TemplateResult {
    if (this.secret) {
      return html`<div class="notice care" tabindex="-1"><strong>${t("frameio.channel.secret")}</strong>
        <code>${this.secret}</code><span>${t("frameio.channel.secret.explain")}</span></div>`;
    }
    const c = this.channel;
    const kind = c?.kind ?? this.kind;
    return html`${c ? nothing : this.kinds()} ${this.address(kind)}
      <label>${t("frameio.channel.name")}
        <input name="name" maxlength="80" autocomplete="off" .value=${c?.name ?? ""} placeholder="#post-production"
          aria-invalid=${this.problem?.field === "name"} aria-describedby="name-error">${this.wrong("name")}</label>
      ${this.told()}
      ${c?.kind === "webhook"
        ? html`<label class="option"><input type="checkbox" name="new_secret">
          ${t("frameio.channel.newSecret")}</label>`
        : nothing}`;
  }

  private kinds(): TemplateResult {
    return html`<label>${t("frameio.channel.kind")}<select name="kind"
      @change=${(e: Event) => (this.kind = (e.target as HTMLSelectElement).value as Kind)}>
      ${kinds.map((k) => html`<option value=${k} ?selected=${k === this.kind}>
        ${t(`frameio.channel.kind.${k}`)}</option>`)}</select></label>`;
  }

  // The address is a secret: it is written and never shown again.
  private address(kind: Kind): TemplateResult {
    const star = this.channel ? nothing : html`<span aria-hidden="true"> *</span>`;
    return html`<label>${t("frameio.channel.address")}${star}
      <input name="address" type="password" ?required=${!this.channel} maxlength="2000" autocomplete="off"
        spellcheck="false" placeholder=${this.channel ? this.channel.place : "https://"}
        aria-invalid=${this.problem?.field === "address"} aria-describedby="address-hint address-error">
      <span class="hint" id="address-hint">${t(`frameio.channel.address.hint.${kind}`)}
        ${this.channel ? t("frameio.channel.address.stays") : nothing}</span>${this.wrong("address")}</label>`;
  }

  private told(): TemplateResult {
    const has = this.channel?.events ?? events;
    return html`<fieldset aria-describedby="events-error"><legend>${t("frameio.channel.events")}</legend>
      ${events.map((e) => html`<label class="option"><input type="checkbox" name="events" value=${e}
        .checked=${has.includes(e)}><span>${t(`frameio.channel.event.${e}`)}
        <span class="hint">${t(`frameio.channel.event.${e}.hint`)}</span></span></label>`)}
      ${this.wrong("events")}</fieldset>
      <label>${t("frameio.channel.overdue")}
        <input name="overdue_days" type="number" min="1" max="365" .value=${String(this.channel?.overdue_days ?? 7)}
          aria-invalid=${this.problem?.field === "overdue_days"} aria-describedby="overdue_days-error">
        ${this.wrong("overdue_days")}</label>`;
  }

  protected async submit(): Promise<Saved | undefined> {
    const form = new FormData(this.renderRoot.querySelector("form")!);
    const said = (name: string) => String(form.get(name) ?? "").trim();
    const days = Number(said("overdue_days"));
    if (!Number.isInteger(days) || days < 1 || days > 365) {
      throw new Problem(0, "invalid", t("frameio.channel.overdue.wrong"), "overdue_days");
    }
    const what = { name: said("name"), events: form.getAll("events"), overdue_days: days };
    const at = path("bindings", this.binding, "channels");
    const saved = this.channel
      ? await change<Saved>("PATCH", `${at}/${encodeURIComponent(this.channel.id)}`, {
        ...what, ...(said("address") ? { address: said("address") } : {}), new_secret: form.has("new_secret"),
      })
      : await change<Saved>("POST", at, { ...what, kind: said("kind"), address: said("address") });
    if (!saved.secret) return saved;
    this.secret = saved.secret;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(".notice")?.focus();
    return undefined;
  }
}

// What people did: who signed in or failed to, connected, bound, revoked, paused.

import { LitElement, css, html, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Schemas, get } from "./api.js";
import { date } from "./format.js";
import { Paged } from "./paged.js";
import { base, controls } from "./styles.js";
import { t } from "./i18n.js";

type Entry = Schemas["AuditEntry"];

const page = 100;
const deeds = [
  "signed-in", "sign-in-failed", "connected", "disconnected", "bound", "unbound", "took-over", "binding-edited",
  "provider-changed", "revoked", "lifted", "paused", "resumed", "lock-released", "conflict-settled",
  "synchronization-added", "synchronization-paused", "synchronization-resumed", "synchronization-removed",
  "synchronization-edited", "loss-confirmed",
  "retried", "canceled", "store-copied", "store-adopted", "keys-rotated", "keys-retired",
  "copy-moved", "copy-deleted", "copy-kept", "copy-asked", "copy-restored",
  "log-level-changed", "reacted", "map-row-set", "map-row-removed", "channel-set", "channel-removed",
] as const;
const columns = ["at", "who", "what", "about", "detail", "address"] as const;

@define("nxf-admin-audit")
export class AdminAudit extends LitElement {
  static override styles = [
    base, controls,
    css`
      form {
        display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 0.8rem; align-items: end;
      }
      table { width: 100%; min-width: 44rem; border-collapse: collapse; }
      th, td { text-align: start; padding: 0.5rem 0.6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
      th { color: var(--soft); font-size: 0.85rem; font-weight: 600; }
      td { overflow-wrap: anywhere; }
      td:first-child { white-space: nowrap; }
      .scroll { overflow-x: auto; position: relative; }
    `,
  ];

  @state() private who = "";
  @state() private what = "";
  @state() private since = "";

  private readonly entries = new Paged<Entry>(this, async (cursor) => {
    const since = this.since ? new Date(`${this.since}T00:00`).toISOString() : undefined;
    const { entries, next } = await get<{ entries: Entry[]; next?: string }>("/audit", {
      who: this.who || undefined, what: this.what || undefined, since, cursor, limit: page,
    });
    return { items: entries, next };
  });

  private look(event: Event): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? "").trim();
    [this.who, this.what, this.since] = [text("who"), text("what"), text("since")];
    void this.entries.refresh();
  }

  protected override render(): TemplateResult {
    return html`<div class="stack"><form class="card" @submit=${this.look}>
      <label>${t("frameio.audit.who")}
        <input name="who" autocomplete="off" spellcheck="false" .value=${this.who}></label>
      <label>${t("frameio.audit.what")}
        <select name="what"><option value="">${t("frameio.audit.everything")}</option>
          ${deeds.map((d) => html`<option value=${d}>${t(`frameio.audit.${d}`)}</option>`)}</select></label>
      <label>${t("frameio.audit.since")}<input name="since" type="date" .value=${this.since}></label>
      <div><button>${t("frameio.audit.show")}</button></div></form>
      ${this.entries.instead(t("frameio.audit.none")) ?? this.table()} ${this.entries.more()}</div>`;
  }

  private table(): TemplateResult {
    return html`<section class="card scroll" tabindex="0" aria-label=${t("frameio.admin.audit")}>
      <table><thead><tr>${columns.map((c) => html`<th scope="col">${t(`frameio.audit.${c}`)}</th>`)}</tr></thead>
        <tbody>${this.entries.items.map((e) => this.row(e))}</tbody></table></section>`;
  }

  private row(e: Entry): TemplateResult {
    return html`<tr><td>${date(e.at)}</td><td>${e.who ?? ""}</td><td>${t(`frameio.audit.${e.what}`)}</td>
      <td>${e.about ?? ""}</td><td>${e.detail ?? ""}</td><td>${e.address ?? ""}</td></tr>`;
  }
}

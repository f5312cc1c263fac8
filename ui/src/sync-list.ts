// Folders that mirror one of Frame.io, each in a row: from where, how it stands, and
// what wants attention.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define.js";
import { get } from "./api.js";
import { date } from "./format.js";
import { since } from "./since.js";
import { folderAddress } from "./host.js";
import { round } from "./icons.js";
import { Paged } from "./paged.js";
import { base, controls } from "./styles.js";
import { type Sync, asks, stateOf, troubles, underWay } from "./sync-words.js";
import { count, t } from "./i18n.js";

@define("nxf-sync-list")
export class SyncList extends LitElement {
  static override styles = [
    base, controls,
    css`
      li {
        border-bottom: 1px solid var(--line); padding: 0.55rem 0; display: flex; flex-wrap: wrap; gap: 0.2rem 0.8rem;
        align-items: center;
      }
      li:last-child { border: 0; }
      li a { display: inline-flex; gap: 0.5rem; align-items: center; font-weight: 600; }
      li .from { flex: 1 1 14rem; }
      .chip.warn { color: var(--warn); }
      .chip.bad { color: var(--bad); }
    `,
  ];

  /** Only those where something goes on, or that want attention; nothing when there are none. */
  @property({ type: Boolean }) lively = false;
  private readonly list = new Paged<Sync>(this, async () => ({
    items: (await get<{ syncs: Sync[] }>("/syncs")).syncs,
  }));

  protected override render(): TemplateResult | typeof nothing {
    const those = this.lively ? this.list.items.filter(lively) : this.list.items;
    if (this.lively && !those.length) return nothing;
    return html`<section class="card stack tight"><h2>${t("frameio.syncs")}</h2>
      ${this.list.instead(t("frameio.syncs.none")) ?? html`<ul>${those.map((s) => row(s))}</ul>`}</section>`;
  }
}

const lively = (s: Sync): boolean =>
  underWay(s) || s.state === "paused" || troubles(s) !== "0,0,0" || s.last?.state === "failed";

function row(s: Sync): TemplateResult {
  const chip = (key: string, n: number, tone: string): TemplateResult | typeof nothing =>
    (n ? html`<span class="chip ${tone}">${count(key, n)}</span>` : nothing);
  const ended = s.last?.ended;
  const tone = asks(s) || s.state === "paused" ? "warn" : s.last?.state === "failed" ? "bad" : "";
  return html`<li>
    <a href=${folderAddress(s.folder)} title=${s.folder_path}>${round}<span class="wrap">${s.folder_title}</span></a>
    <span class="soft wrap from">${place(s)}</span>
    ${chip("frameio.sync.conflicting", s.conflicting, "warn")} ${chip("frameio.sync.troubled", s.troubled, "bad")}
    ${chip("frameio.sync.missing", s.missing, "warn")}
    <span class="chip ${tone}">${stateOf(s)}</span>
    ${ended ? html`<time class="small soft" datetime=${ended} title=${date(ended)}>${since(ended)}</time>` : nothing}
    </li>`;
}

// A whole project is named once.
function place(s: Sync): string {
  const folder = s.frameio_folder_name === s.project_name ? "" : s.frameio_folder_name;
  return [s.team_name, s.project_name, folder].filter(Boolean).join(" · ");
}

// What is under review: documents that pushes have locked, since when and by
// whom, and how to end it.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define.js";
import { get } from "./api.js";
import { changed, documentAddress, toast } from "./host.js";
import { lock } from "./icons.js";
import { Paged } from "./paged.js";
import { type Push, pushLine, pushLinks, release } from "./push-words.js";
import { base, controls } from "./styles.js";
import { t } from "./i18n.js";

const page = 100;

@define("nxf-locks")
export class Locks extends LitElement {
  static override styles = [
    base, controls,
    css`
      li {
        display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: 0 0.9rem; align-items: center;
        padding: 0.7rem 0; border-bottom: 1px solid var(--line);
      }
      li:last-child { border: 0; }
      svg { display: block; }
    `,
  ];

  @property({ type: Boolean }) administrator = false;
  private readonly pushes = new Paged<Push>(this, async (cursor) => {
    const { pushes, next } = await get<{ pushes: Push[]; next?: string }>("/locks", { cursor, limit: page });
    return { items: pushes, next };
  });

  protected override render(): TemplateResult {
    return html`<div class="stack">
      <div><h1>${t("frameio.locks")}</h1>
        <p class="soft">${t(this.administrator ? "frameio.locks.all" : "frameio.locks.mine")}</p></div>
      ${this.list()}</div>`;
  }

  private list(): TemplateResult {
    const instead = this.pushes.instead(t("frameio.locks.none"));
    if (instead) return instead;
    return html`<ul class="card">${this.pushes.items.map((p) => this.row(p))}</ul> ${this.pushes.more()}`;
  }

  private row(p: Push): TemplateResult {
    const end = html`<button class="danger" @click=${() => void this.free(p)}>
      ${t("frameio.release")}<span class="unseen"> ${p.title}</span></button>`;
    return html`<li>${lock}
      <span><a href=${documentAddress(p.document)}><strong class="wrap">${p.title}</strong></a><br>
        <span class="soft wrap">${pushLine(p)}</span> <span class="row">${pushLinks(p)}</span></span>
      ${p.may_release ? end : nothing}</li>`;
  }

  private async free(p: Push): Promise<void> {
    if (!(await release(p))) return;
    toast(this, t("frameio.release.done", p.title));
    changed(this);
  }
}

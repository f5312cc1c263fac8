// What is under review: documents that pushes have locked, since when and by
// whom, and how to end it.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Problem, get, problemOf } from "./api.js";
import { notice } from "./dialog.js";
import { changed, documentAddress, toast } from "./host.js";
import { lock } from "./icons.js";
import { type Push, pushLine, pushLinks, release } from "./push-words.js";
import { base, controls } from "./styles.js";
import { t } from "./i18n.js";

const page = 100;

@define("nxf-locks")
export class Locks extends LitElement {
  static override styles = [
    base, controls,
    css`
      li { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: 0 0.9rem; align-items: center; padding: 0.7rem 0; border-bottom: 1px solid var(--line); }
      li:last-child { border: 0; }
      svg { display: block; }
    `,
  ];

  @property({ type: Boolean }) administrator = false;
  @state() private pushes: Push[] | undefined;
  @state() private next: string | undefined;
  @state() private problem: Problem | undefined;
  private readonly refresh = () => void this.load();

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("nxf-changed", this.refresh);
    void this.load();
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("nxf-changed", this.refresh);
  }

  private async load(cursor?: string): Promise<void> {
    try {
      const answer = await get<{ pushes: Push[]; next?: string }>("/locks", { cursor, limit: page });
      this.pushes = [...(cursor ? (this.pushes ?? []) : []), ...answer.pushes];
      [this.next, this.problem] = [answer.next, undefined];
    } catch (thrown) {
      this.problem = problemOf(thrown);
    }
  }

  protected override render(): TemplateResult {
    return html`<div class="stack"><div><h1>${t("frameio.locks")}</h1><p class="soft">${t(this.administrator ? "frameio.locks.all" : "frameio.locks.mine")}</p></div>${this.list()}</div>`;
  }

  private list(): TemplateResult {
    if (this.problem) return notice(this.problem, this.refresh);
    if (!this.pushes) return html`<p role="status" class="soft">${t("frameio.loading")}</p>`;
    if (!this.pushes.length) return html`<p class="soft">${t("frameio.locks.none")}</p>`;
    return html`<ul class="card">${this.pushes.map((p) => html`<li>${lock}<span><a href=${documentAddress(p.document)}><strong class="wrap">${p.title}</strong></a><br><span class="soft wrap">${pushLine(p)}</span>
        <span class="row">${pushLinks(p)}</span></span><button class="danger" @click=${() => void this.free(p)}>${t("frameio.release")}<span class="unseen"> ${p.title}</span></button></li>`)}</ul>
      ${this.next ? html`<div><button @click=${() => void this.load(this.next)}>${t("frameio.more")}</button></div>` : nothing}`;
  }

  private async free(p: Push): Promise<void> {
    if (!(await release(p))) return;
    toast(this, t("frameio.release.done", p.title));
    changed(this);
  }
}

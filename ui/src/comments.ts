// Comments beside the player: by version, each at its moment, replies below.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define.js";
import type { Schemas } from "./api.js";
import { date } from "./format.js";
import { since } from "./since.js";
import { pencil, tick } from "./icons.js";
import { base, controls } from "./styles.js";
import { count, t } from "./i18n.js";

type Comment = Schemas["Comment"];
type Version = Schemas["DocumentVersion"];

/** How many comments there are with their replies, as items, mails and Frame.io count them. */
const all = (list: Comment[]): number => list.reduce((sum, c) => sum + 1 + all(c.replies), 0);

/** A comment that was chosen in the list. */
export const chosenEvent = "nxf-chosen";

@define("nxf-comments")
export class Comments extends LitElement {
  static override styles = [
    base, controls,
    css`
      .group { display: grid; gap: 0.5rem; }
      .comment {
        border-radius: 8px; padding: 0.5rem 0.7rem; border: 1px solid transparent; border-left: 3px solid var(--line);
        display: grid; gap: 0.2rem; position: relative;
      }
      .comment[aria-current="true"] { background: var(--hover); border-color: var(--accent); }
      .head { display: flex; flex-wrap: wrap; gap: 0.2rem 0.6rem; align-items: center; }
      .text { white-space: pre-wrap; overflow-wrap: anywhere; }
      .replies { display: grid; gap: 0.3rem; margin: 0.3rem 0 0 0.6rem; }
      .moment { padding: 0 0.5rem; border-radius: 6px; font-variant-numeric: tabular-nums; font-size: 0.85rem; }
      .resolved > .text { color: var(--soft); }
      svg { width: 1rem; height: 1rem; flex: none; }
    `,
  ];

  @property({ attribute: false }) comments: Comment[] = [];
  @property({ attribute: false }) versions: Version[] = [];
  @property({ attribute: false }) at: Comment | undefined;
  @property({ type: Boolean }) more = false;

  protected override render(): TemplateResult {
    if (!this.comments.length) return html`<p class="soft">${t("frameio.comments.none")}</p>`;
    return html`<div class="stack">${this.groups().map(([title, list]) => html`<section class="group">
        <h3>${title} <span class="soft small">${count("frameio.comments.count", all(list))}</span></h3>
        ${list.map((c) => this.comment(c, false))}</section>`)}
      ${this.more ? html`<p class="small soft">${t("frameio.comments.more")}</p>` : nothing}</div>`;
  }

  // Those about a version stand under it, newest version first; what people wrote in Nuxeo is a group of its own.
  private groups(): [string, Comment[]][] {
    const groups = new Map<string, Comment[]>();
    for (const version of this.versions) if (version.file) groups.set(version.file, []);
    for (const c of this.comments) {
      const key = c.origin === "nuxeo" ? "nuxeo" : (c.file ?? "");
      groups.set(key, [...(groups.get(key) ?? []), c]);
    }
    return [...groups].filter(([, list]) => list.length).map(([key, list]) => [this.heading(key), list]);
  }

  private heading(key: string): string {
    if (key === "nuxeo") return t("frameio.comments.nuxeo");
    const version = this.versions.find((v) => v.file === key);
    if (!version) return t("frameio.comments.earlier");
    return version.current ? t("frameio.comments.current") : t("frameio.comments.version", version.label);
  }

  private comment(c: Comment, reply: boolean): TemplateResult {
    const places = !reply && (c.frame !== undefined || c.drawing);
    return html`<article class="comment ${c.resolved ? "resolved" : ""}" aria-current=${this.at?.id === c.id}>
      <div class="head"><strong class="wrap">${c.author}</strong>
        ${places ? this.moment(c) : nothing}
        ${c.page ? html`<span class="chip">${t("frameio.comments.page", c.page)}</span>` : nothing}
        ${c.resolved ? html`<span class="chip good">${tick}${t("frameio.comments.resolved")}</span>` : nothing}
        <time class="small soft" datetime=${c.created} title=${date(c.created)}>${since(c.created)}</time>
        ${c.edited ? html`<span class="small soft">${t("frameio.comments.edited")}</span>` : nothing}</div>
      <div class="text" dir="auto">${c.text}</div>
      ${c.replies.length ? html`<div class="replies">${c.replies.map((r) => this.comment(r, true))}</div>` : nothing}
    </article>`;
  }

  private moment(c: Comment): TemplateResult {
    const when = c.timecode ?? t("frameio.comments.drawing");
    return html`<button class="moment" aria-label=${t("frameio.comments.seek", when)} @click=${() => this.choose(c)}>
      ${c.drawing ? pencil : nothing}${when}</button>`;
  }

  private choose(c: Comment): void {
    this.dispatchEvent(new CustomEvent(chosenEvent, { detail: c }));
  }
}

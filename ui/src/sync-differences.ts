// What a check of a synchronization has found: what is not the same on both sides,
// each with a sign, those of a sign together.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define.js";
import { Problem, type Schemas, get, path } from "./api.js";
import { date } from "./format.js";
import { documentAddress, folderAddress } from "./host.js";
import { known } from "./item-words.js";
import { Paged } from "./paged.js";
import { base, controls } from "./styles.js";
import type { Run } from "./sync-words.js";
import { language, t } from "./i18n.js";

type Difference = Schemas["SyncDifference"];

const page = 50;
// Each with the word of its texts.
const signs: [Difference["sign"], string][] = [["+", "frameio"], ["-", "nuxeo"], ["*", "differs"], ["!", "broken"]];

@define("nxf-sync-differences")
export class SyncDifferences extends LitElement {
  static override styles = [
    base, controls,
    css`
      .sign {
        font-family: ui-monospace, monospace; font-weight: 700; display: inline-block; min-width: 1.2rem;
        text-align: center;
      }
      .legend { padding: 0.2rem 0 0.4rem; column-gap: 1.2rem; row-gap: 0.1rem; }
      ul + ul { border-top: 1px solid var(--line); padding-top: 0.3rem; }
      li.one { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 0.5rem; padding: 0.25rem 0; }
    `,
  ];

  /** The synchronization, and its check that is done. */
  @property() sync = "";
  @property({ attribute: false }) check!: Run;
  private readonly list = new Paged<Difference>(this, async (cursor) => {
    try {
      const { differences, next, hidden } = await get<{ differences: Difference[]; next?: string; hidden?: number }>(
        `${path("syncs", this.sync)}/differences`, { cursor, limit: page },
      );
      return { items: differences, next, hidden };
    } catch (thrown) {
      // A run that has begun since has put it away.
      if (thrown instanceof Problem && thrown.status === 404) return { items: [] };
      throw thrown;
    }
  });

  protected override render(): TemplateResult {
    return html`<section class="card stack tight" aria-label=${t("frameio.sync.differences")}>
      <h2>${t("frameio.sync.differences")}</h2>
      <p class="small soft">${t("frameio.sync.differences.as", date(this.check.ended), this.check.by)}</p>
      ${this.list.instead(t("frameio.sync.differences.none"))
        ?? html`${this.legend()} ${signs.map(([sign, word]) => this.group(sign, word))}
        ${this.list.more(t("frameio.sync.differences.more"))}`}</section>`;
  }

  private legend(): TemplateResult {
    return html`<ul class="row small soft legend" aria-label=${t("frameio.sync.legend")}>
      ${signs.map(([sign, word]) => html`<li>
        <span class="sign">${sign}</span> ${t(`frameio.sync.sign.${word}`)}</li>`)}</ul>`;
  }

  private group(sign: Difference["sign"], word: string): TemplateResult | typeof nothing {
    const those = this.list.items.filter((d) => d.sign === sign);
    those.sort((a, b) => a.name.localeCompare(b.name, language(), { numeric: true }));
    return those.length
      ? html`<ul aria-label=${t(`frameio.sync.sign.${word}`)}>${those.map((d) => this.row(d))}</ul>`
      : nothing;
  }

  private row(d: Difference): TemplateResult {
    const name = d.kind === "folder" ? `${d.name}/` : d.name;
    const address = d.document && (d.kind === "folder" ? folderAddress(d.document) : documentAddress(d.document));
    const plain = d.what === "not in Nuxeo" || d.what === "not on Frame.io"; // their sign says it
    const what = !plain ? html` <span class="small soft">${whatWords(d.what)}</span>` : nothing;
    return html`<li class="one"><span class="sign">${d.sign}</span>
      <span class="wrap">${address ? html`<a href=${address}>${name}</a>` : name}${what}</span></li>`;
  }
}

// What differs comes in English; the parts that are known have texts.
const whatWords = (what: string): string =>
  what.split(", ").map((w) => known(`frameio.sync.what.${w.replaceAll(" ", "-")}`, w)).join(", ");

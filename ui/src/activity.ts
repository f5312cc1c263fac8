// Everything of mine that goes on or went on; of everybody's for administrators.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import "./batches.js";
import "./item-list.js";
import { base, controls } from "./styles.js";
import "./sync-list.js";
import { t } from "./i18n.js";

const states = ["", "running", "waiting", "failed", "done", "canceled"];
const kinds = ["publish", "push", "sync", "sync-asset", "bind", "unbind", "edit-binding"];
const names = ["state", "kind", "search", "person", "parent", "housekeeping"] as const;
const typing = 300; // ms; what is typed is looked for when somebody pauses

type Chosen = Partial<Record<(typeof names)[number], string>>;

@define("nxf-activity")
export class Activity extends LitElement {
  static override styles = [
    base, controls,
    css`
      .choice {
        border: 1px solid var(--edge); border-radius: 99px; padding: 0.2rem 0.9rem; color: var(--text);
        font-weight: 400;
      }
      .choice[aria-pressed="true"], .choice[aria-pressed="true"]:hover:not(:disabled) {
        background: var(--fill); border-color: var(--fill); color: var(--on-fill);
      }
      .fields { align-items: end; }
      .fields label { flex: 1 1 10rem; }
      .fields .option { flex: 0 0 auto; padding-bottom: 0.6rem; }
    `,
  ];

  @property({ type: Boolean }) administrator = false;
  // What is chosen stands in the address, so that it survives a reload and a sign-in.
  @state() private chosen: Chosen = fromAddress();
  @state() private batches: string[] = [];
  private timer = 0;

  private readonly arrive = (): void => void (this.chosen = fromAddress());

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("popstate", this.arrive);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("popstate", this.arrive);
    window.clearTimeout(this.timer);
  }

  private choose(more: Chosen): void {
    this.chosen = { ...this.chosen, ...more };
    const query = new URLSearchParams(Object.entries(this.chosen).filter(([, value]) => value));
    history.replaceState(history.state, "", query.size ? `?${query}` : location.pathname);
  }

  private type(name: "search" | "person", event: Event): void {
    const { value } = event.target as HTMLInputElement;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.choose({ [name]: value.trim() }), typing);
  }

  // What is one whole above is not listed again, unless somebody looks for something.
  private get query(): Record<string, string | undefined> {
    const { parent, housekeeping, person, ...others } = this.chosen;
    const looks = Object.values(this.chosen).some(Boolean);
    return {
      ...others, ...(this.administrator ? { housekeeping, person } : {}), parent, failed_first: parent && "true",
      without: looks ? undefined : this.batches.join(",") || undefined,
    };
  }

  protected override render(): TemplateResult {
    const looks = Object.values(this.chosen).some(Boolean);
    return html`<div class="stack">
      <div><h1>${t("frameio.activity")}</h1>
        <p class="soft">${t(this.administrator ? "frameio.activity.all" : "frameio.activity.mine")}</p></div>
      <nxf-batches ?owners=${this.administrator}
        @nxf-batches-open=${(e: CustomEvent<string[]>) => (this.batches = e.detail)}></nxf-batches>
      <nxf-sync-list lively></nxf-sync-list>
      <div class="stack tight" role="search" aria-label=${t("frameio.activity.filter")}>
        ${this.states()} ${this.fields()}</div>
      ${this.chosen.parent ? this.oneBatch() : nothing}
      <nxf-item-list selectable .query=${this.query} ?owners=${this.administrator}
        label=${t("frameio.activity")}
        empty=${t(looks || this.batches.length ? "frameio.activity.none" : "frameio.activity.empty")}></nxf-item-list>
    </div>`;
  }

  private states(): TemplateResult {
    const { state = "" } = this.chosen;
    return html`<div class="row" role="group" aria-label=${t("frameio.item.state")}>
      ${states.map((s) => html`<button class="choice" aria-pressed=${state === s}
        @click=${() => this.choose({ state: s })}>
        ${t(s ? `frameio.state.${s}` : "frameio.activity.everything")}</button>`)}</div>`;
  }

  private fields(): TemplateResult {
    const { search = "", kind = "", person = "", housekeeping = "" } = this.chosen;
    return html`<div class="row fields">
      <label>${t("frameio.activity.search")}<input type="search" maxlength="200" .value=${search}
        @input=${(e: Event) => this.type("search", e)}></label>
      <label>${t("frameio.item.what")}<select
        @change=${(e: Event) => this.choose({ kind: (e.target as HTMLSelectElement).value })}>
        <option value="" ?selected=${!kind}>${t("frameio.activity.kinds")}</option>
        ${kinds.map((k) => html`<option value=${k} ?selected=${k === kind}>${t(`frameio.kind.${k}`)}</option>`)}
      </select></label>
      ${this.administrator
        ? html`<label>${t("frameio.activity.person")}<input .value=${person} autocapitalize="off" spellcheck="false"
            @input=${(e: Event) => this.type("person", e)}></label>
          <label class="option"><input type="checkbox" .checked=${housekeeping === "true"}
            @change=${(e: Event) =>
              this.choose({ housekeeping: (e.target as HTMLInputElement).checked ? "true" : "" })}>
            ${t("frameio.activity.housekeeping")}</label>`
        : nothing}</div>`;
  }

  private oneBatch(): TemplateResult {
    return html`<div class="notice"><span class="row between">${t("frameio.activity.batch")}
      <button @click=${() => this.choose({ parent: "" })}>${t("frameio.activity.everything")}</button></span></div>`;
  }
}

function fromAddress(): Chosen {
  const query = new URLSearchParams(location.search);
  const chosen: Chosen = {};
  for (const name of names) {
    const value = query.get(name);
    if (value && (name !== "state" || states.includes(value))) chosen[name] = value;
  }
  return chosen;
}

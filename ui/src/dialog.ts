// Dialogs. They hang on the body: an action of Web UI may sit in a menu that
// closes. The browser's own dialog keeps the focus inside and gives it back.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Problem, problemOf } from "./api.js";
import { connector, toast } from "./host.js";
import { base, controls } from "./styles.js";
import { t } from "./i18n.js";
import { inWebUI } from "./webui.js";

const look = css`
  dialog {
    border: 1px solid var(--line); border-radius: 12px; padding: 0; background: var(--box); color: var(--text);
    width: min(34rem, calc(100vw - 2rem)); max-height: calc(100dvh - 2rem); box-shadow: 0 12px 48px #0005;
    overflow: hidden;
  }
  dialog[open] { display: flex; flex-direction: column; }
  dialog::backdrop { background: #0008; }
  .head { padding: 1.2rem 1.5rem 0.4rem; }
  form { display: contents; }
  .body {
    padding: 0.6rem 1.5rem 1.2rem; overflow: auto; display: grid; gap: 1.1rem; grid-template-columns: minmax(0, 1fr);
  }
  .tree {
    border: 1px solid var(--edge); border-radius: 8px; padding: 0.6rem; max-height: 15rem; overflow: auto;
    margin-top: 0.25rem;
  }
  .foot {
    padding: 0.9rem 1.5rem; border-top: 1px solid var(--line); display: flex; flex-wrap: wrap; gap: 0.6rem;
    justify-content: flex-end;
  }
`;

/** What every dialog of ours does. R is what it is closed with; undefined when it was cancelled. */
export abstract class Dialog<R> extends LitElement {
  static override styles = [base, controls, look];

  @state() protected busy = false;
  @state() protected problem: Problem | undefined;
  private settle: (result: R | undefined) => void = () => {};

  /** Shows it; resolves when it closes. */
  show(): Promise<R | undefined> {
    document.body.append(this);
    return new Promise((resolve) => {
      this.settle = resolve;
      void this.updateComplete.then(() => this.dialog.showModal());
    });
  }

  protected abstract heading(): string;
  protected abstract content(): TemplateResult;
  /** What the button that goes on says, and what it does. */
  protected abstract confirm(): { label: string; danger?: boolean; disabled?: boolean } | undefined;
  protected abstract submit(): Promise<R | undefined>;

  protected get dialog(): HTMLDialogElement {
    return this.renderRoot.querySelector("dialog")!;
  }

  protected close(result?: R): void {
    this.settle(result);
    if (this.dialog.open) this.dialog.close();
    this.remove();
  }

  private async send(event: Event): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    [this.busy, this.problem] = [true, undefined];
    try {
      const result = await this.submit();
      if (result !== undefined) this.close(result);
    } catch (thrown) {
      this.problem = problemOf(thrown);
      await this.updateComplete;
      this.renderRoot.querySelector<HTMLElement>("[aria-invalid=true], .wrong")?.focus();
    } finally {
      this.busy = false;
    }
  }

  // What was wrong with a field is no longer known when something else is entered there.
  private mended(event: Event): void {
    if (this.problem?.field && this.problem.field === (event.target as HTMLInputElement).name) this.problem = undefined;
  }

  protected override render(): TemplateResult {
    const go = this.confirm();
    return html`<dialog aria-labelledby="heading" @close=${() => this.close()}
      @cancel=${(e: Event) => this.busy && e.preventDefault()}>
      <form novalidate @submit=${this.send} @input=${this.mended}>
        <div class="head"><h2 id="heading">${this.heading()}</h2></div>
        <div class="body">${this.content()} ${this.shown()}</div>
        <div class="foot">
          <button type="button" ?disabled=${this.busy} @click=${() => this.close()}>
            ${go ? t("frameio.cancel") : t("frameio.close")}</button>
          ${go ? html`<button class=${go.danger ? "danger" : "primary"} ?disabled=${this.busy || go.disabled}>
            ${this.busy ? t("frameio.busy") : go.label}</button>` : nothing}
        </div>
      </form>
    </dialog>`;
  }

  // A problem with a field is shown beside the field.
  private shown(): TemplateResult | typeof nothing {
    if (!this.problem || this.fields().includes(this.problem.field)) return nothing;
    return notice(this.problem);
  }

  /** The names of the fields that show their own problems. */
  protected fields(): string[] {
    return [];
  }

  protected wrong(field: string): TemplateResult | typeof nothing {
    return this.problem?.field === field
      ? html`<span class="error" id=${`${field}-error`}>${this.problem.message} ${this.problem.remedy}</span>`
      : nothing;
  }
}

/** A link to a page of the connector where something can be done about a problem. */
export function openPage(page: string | undefined): TemplateResult | typeof nothing {
  return page ? html`<span><a href=${connector() + page} target=${inWebUI() ? "_blank" : "_self"}
    rel="noopener">${t("frameio.page.open")}</a></span>` : nothing;
}

/** A problem as a box, announced when it appears. */
export function notice(p: Problem, retry?: () => void): TemplateResult {
  return html`<div class="notice wrong" role="alert" tabindex="-1">
    <strong class="wrap">${p.message}</strong>
    ${p.remedy ? html`<span class="wrap">${p.remedy}</span>` : nothing} ${openPage(p.page)}
    ${p.correlation ? html`<span class="small soft wrap">${t("frameio.correlation", p.correlation)}</span>` : nothing}
    ${retry ? html`<span><button type="button" @click=${retry}>${t("frameio.again")}</button></span>` : nothing}
  </div>`;
}

/** Says in passing that something did not work, and what to do. */
export function complain(from: EventTarget, thrown: unknown): void {
  const p = problemOf(thrown);
  toast(from, `${p.message} ${p.remedy}`.trim());
}

/** Asks before something is done that cannot be undone by itself. */
@define("nxf-confirm")
export class Confirm extends Dialog<true> {
  @property() question = "";
  @property({ attribute: false }) explain: string[] = [];
  @property() label = "";
  @property({ attribute: false }) act: () => Promise<unknown> = async () => {};

  protected heading(): string {
    return this.question;
  }
  protected content(): TemplateResult {
    return html`${this.explain.map((line) => html`<p class="wrap">${line}</p>`)}`;
  }
  protected confirm(): { label: string; danger: boolean } {
    return { label: this.label, danger: true };
  }
  protected async submit(): Promise<true> {
    await this.act();
    return true;
  }
}

/** Asks, and does it when the person agrees; true when it was done. */
export async function confirm(
  question: string, explain: string[], label: string, act: () => Promise<unknown>,
): Promise<boolean> {
  const dialog = document.createElement("nxf-confirm") as Confirm;
  Object.assign(dialog, { question, explain, label, act });
  return (await dialog.show()) ?? false;
}

// The menu of custom actions on a selection, and what an action answers: a
// message, or a form that is filled in and sent.

import { LitElement, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { look } from "./style.js";
import { type Answer, type Field, type MenuItem, me, run, world } from "./world.js";

@customElement("sim-actions")
export class Actions extends LitElement {
  static override styles = look;

  @property() workspace = "";
  /** The ids of the selected assets. */
  @property({ attribute: false }) selected: string[] = [];
  @state() private open = false;
  @state() private items: MenuItem[] = [];
  @state() private running: MenuItem | undefined;
  @state() private answer: Answer | undefined;
  @state() private failed = "";
  private last: MenuItem | undefined;
  @query("dialog") private dialog!: HTMLDialogElement;
  private readonly away = (e: Event) => !e.composedPath().includes(this) && (this.open = false);

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("click", this.away);
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("click", this.away);
  }

  private async toggle(): Promise<void> {
    if (!this.open) this.items = (await world()).spaces.find((s) => s.id === this.workspace)?.actions ?? [];
    this.open = !this.open;
  }

  // The menu hangs below its button. Where it would leave the window, it is moved into it.
  protected override updated(): void {
    const menu = this.renderRoot.querySelector<HTMLElement>(".menu > div");
    if (!menu) return;
    menu.style.removeProperty("translate");
    const [box, edge] = [menu.getBoundingClientRect(), 8];
    const across = Math.max(edge - box.left, Math.min(0, document.documentElement.clientWidth - edge - box.right));
    const down = Math.min(0, window.innerHeight - edge - box.bottom);
    if (across || down) menu.style.setProperty("translate", `${across}px ${Math.max(down, edge - box.top)}px`);
  }

  /** Tells the page that the selection has done its work. */
  private ended(): void {
    const well = this.answer && this.answer.status >= 200 && this.answer.status < 300 && !this.answer.fields?.length;
    this.answer = undefined;
    if (well && !this.failed) this.dispatchEvent(new CustomEvent("ran"));
  }

  private async choose(item: MenuItem, more: object = {}): Promise<void> {
    [this.open, this.running, this.last, this.failed] = [false, item, item, ""];
    if (!this.dialog.open) this.dialog.showModal();
    try {
      this.answer = await run(item.id, me.get(), this.selected, more);
    } catch (thrown) {
      this.failed = (thrown as Error).message;
    }
    this.running = undefined;
  }

  private submit(event: SubmitEvent): void {
    event.preventDefault();
    const data = Object.fromEntries(new FormData(event.target as HTMLFormElement));
    void this.choose(this.last!, { data, interaction_id: this.answer!.interaction_id });
  }

  protected override render(): TemplateResult {
    return html`<span class="menu"><button aria-haspopup="menu" aria-expanded=${this.open}
      ?disabled=${!this.selected.length} @click=${this.toggle}>Actions ▾</button>
        ${this.open ? this.menu() : nothing}</span>
      <dialog aria-labelledby="title" @close=${this.ended}>${this.shown()}</dialog>`;
  }

  private menu(): TemplateResult {
    if (!this.items.length) {
      return html`<div role="status"><p class="soft small">
        No custom action here yet. Bind a Nuxeo folder to this team.</p></div>`;
    }
    return html`<div role="menu" aria-label="Custom actions">${this.items.map((i) => html`<button role="menuitem"
      title=${i.description} @click=${() => void this.choose(i)}>${i.name}</button>`)}</div>`;
  }

  private shown(): TemplateResult {
    if (this.running) {
      return html`<h2 id="title">${this.running.name}</h2><p class="soft" role="status">Calling the custom action…</p>`;
    }
    if (this.failed) return this.message("This cannot be done.", this.failed);
    const a = this.answer;
    if (!a) return html`<h2 id="title"></h2>`;
    if (a.status < 200 || a.status > 299) {
      const last = `${a.attempts} attempts; the last: ${a.error || a.status}`;
      return this.message("The custom action did not answer well.", last);
    }
    if (a.fields?.length) return this.form(a, a.fields);
    return this.message(a.title || "Done", a.description ?? "");
  }

  private message(title: string, text: string): TemplateResult {
    return html`<div class="stack"><h2 id="title" class="wrap">${title}</h2><p class="wrap">${text}</p>
      <div><button class="primary" autofocus @click=${() => this.dialog.close()}>OK</button></div></div>`;
  }

  private form(a: Answer, fields: Field[]): TemplateResult {
    return html`<form class="stack" @submit=${this.submit}><h2 id="title" class="wrap">${a.title}</h2>
      <p class="wrap">${a.description}</p>
      ${fields.map((f) => this.field(f))}
      <div class="row"><button class="primary">Submit</button>
        <button type="button" @click=${() => this.dialog.close()}>Cancel</button></div></form>`;
  }

  private field(f: Field): TemplateResult {
    if (f.type === "link") {
      const to = /^https?:/.test(String(f.value)) ? String(f.value) : "#";
      return html`<p class="wrap"><a href=${to} target="_blank" rel="noopener noreferrer">${f.label}</a></p>`;
    }
    if (f.options) {
      return html`<label>${f.label}<br><select name=${f.name}>${f.options.map((o) => html`<option
        value=${String(o.value)} ?selected=${o.value === f.value}>${o.name}</option>`)}</select></label>`;
    }
    if (f.type === "boolean" || f.type === "checkbox") {
      return html`<label class="row">
        <input type="checkbox" name=${f.name} ?checked=${Boolean(f.value)}>${f.label}</label>`;
    }
    if (f.type === "textarea") {
      return html`<label>${f.label}<br><textarea name=${f.name} rows="3">${f.value ?? ""}</textarea></label>`;
    }
    return html`<label>${f.label}<br><input name=${f.name} .value=${String(f.value ?? "")}></label>`;
  }
}

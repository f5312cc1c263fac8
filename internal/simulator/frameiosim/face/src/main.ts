// The pages of the simulated Frame.io: who uses them, and which is shown.

import { LitElement, css, html, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import "./folder.js";
import { look } from "./style.js";
import "./view.js";
import { type Person, go, me, world } from "./world.js";

@customElement("sim-frameio")
export class Frameio extends LitElement {
  static override styles = [
    look,
    css`
      header {
        display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; padding: 0.7rem clamp(1rem, 3vw, 2rem);
        background: var(--card); border-bottom: 1px solid var(--line);
      }
      .brand { font-weight: 700; color: var(--text); text-decoration: none; }
      main { padding: 1.3rem clamp(1rem, 3vw, 2rem) 3rem; max-width: 90rem; margin: 0 auto; }
    `,
  ];

  @state() private people: Person[] = [];
  @state() private person = me.get();
  @state() private at = location.pathname;

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("popstate", () => (this.at = location.pathname));
    this.addEventListener("click", this.follow);
    void this.load();
  }

  private async load(): Promise<void> {
    this.people = (await world()).people;
    if (!this.people.some((p) => p.id === this.person)) this.choose(this.people[0]?.id ?? "");
  }

  private choose(id: string): void {
    me.set(id);
    this.person = id;
  }

  private readonly follow = (event: MouseEvent): void => {
    const link = event.composedPath().find((e): e is HTMLAnchorElement => e instanceof HTMLAnchorElement);
    if (!link || link.target || event.metaKey || event.ctrlKey || event.button
      || new URL(link.href).origin !== location.origin || link.pathname === "/plain") {
      return;
    }
    event.preventDefault();
    go(link.pathname);
  };

  protected override render(): TemplateResult {
    return html`<header>
        <a class="brand" href="/">Frame.io</a><span class="tag">simulation</span><span class="grow"></span>
        <label class="row small">You are
          <select @change=${(e: Event) => this.choose((e.target as HTMLSelectElement).value)}>
            ${this.people.map((p) => html`<option value=${p.id} ?selected=${p.id === this.person}>${p.name}</option>`)}
          </select></label></header>
      <main>${this.page()}</main>`;
  }

  private page(): TemplateResult {
    const [, first, second, , id] = this.at.split("/");
    if (first === "project" && id) return html`<sim-view .asset=${decodeURIComponent(id)}></sim-view>`;
    if (first === "projects" && second) return html`<sim-folder .folder=${decodeURIComponent(second)}></sim-folder>`;
    return html`<sim-projects .person=${this.person}></sim-projects>`;
  }
}

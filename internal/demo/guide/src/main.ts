// The guide of the demo: what to click, what to expect; each step ticks itself
// off.

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";

interface Task {
  name: string;
  title: string;
  do: string[];
  expect: string;
  links: { text: string; url: string }[];
  done: boolean;
}

const looksEvery = 1000; // ms

@customElement("demo-guide")
export class Guide extends LitElement {
  static override styles = css`
    :host {
      display: block; max-width: 46rem; margin: 0 auto; padding: 2rem 1.25rem 4rem;
      font: 16px/1.55 system-ui, sans-serif;
    }
    h1 { font-size: 1.6rem; margin: 0 0 0.3rem; } h2 { font-size: 1.1rem; margin: 0; }
    p { margin: 0; } a { color: var(--mark); }
    .soft { color: var(--soft); }
    ol { list-style: none; padding: 0; margin: 1.5rem 0 0; display: grid; gap: 0.8rem; }
    li.task {
      background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 0.9rem 1.1rem;
      display: grid; grid-template-columns: 2rem minmax(0, 1fr); gap: 0 0.8rem;
    }
    li.task.now { border-color: var(--mark); box-shadow: 0 0 0 1px var(--mark); }
    .tick {
      width: 2rem; height: 2rem; border-radius: 50%; border: 2px solid var(--edge); display: grid; place-items: center;
      font-weight: 700;
    }
    .done .tick { background: var(--good); border-color: var(--good); color: var(--card); }
    ul { margin: 0.3rem 0; padding-inline-start: 1.1rem; }
    .links { display: flex; flex-wrap: wrap; gap: 0.3rem 1.2rem; margin-top: 0.4rem; }
    details summary { cursor: pointer; }
    progress { width: 100%; height: 8px; accent-color: var(--good); margin-top: 1rem; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  `;

  @state() private tasks: Task[] = [];
  @state() private lost = false;
  private timer = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.look();
    this.timer = window.setInterval(() => void this.look(), looksEvery);
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    try {
      const answer = await fetch("/tasks");
      this.tasks = (await answer.json()) as Task[];
      this.lost = false;
    } catch {
      this.lost = true;
    }
  }

  protected override render(): TemplateResult {
    const done = this.tasks.filter((x) => x.done).length;
    const now = this.tasks.findIndex((x) => !x.done);
    return html`<main><h1>From Frame.io into Nuxeo</h1>
      <p class="soft">Nuxeo and Frame.io are simulated on this machine; the connector between them is the real one. Go
        through it as its users do: each step ticks itself off.</p>
      <progress max=${this.tasks.length || 1} value=${done} aria-label="Steps done"></progress>
      <p class="soft" role="status">${this.state(done)}</p>
      <ol>${this.tasks.map((x, n) => this.task(x, n, n === now))}</ol></main>`;
  }

  private state(done: number): string {
    if (this.lost) return "The demo has ended.";
    if (this.tasks.length && done === this.tasks.length) return "That was all. Everything stays up; look around.";
    return `${done} of ${this.tasks.length} steps done`;
  }

  private task(x: Task, n: number, now: boolean): TemplateResult {
    const [mark, said] = x.done ? ["✓", "Done"] : [n + 1, "Not done"];
    return html`<li class="task ${x.done ? "done" : ""} ${now ? "now" : ""}" aria-current=${now ? "step" : nothing}
      data-name=${x.name}>
      <span class="tick"><span aria-hidden="true">${mark}</span><span class="unseen">${said}</span></span>
      <div><h2>${x.title}</h2>
        ${x.done && !now
          ? html`<details><summary class="soft">Done. Show it again</summary>${this.words(x)}</details>`
          : this.words(x)}</div></li>`;
  }

  private words(x: Task): TemplateResult {
    return html`<ul>${x.do.map((line) => html`<li>${line}</li>`)}</ul><p class="soft">${x.expect}</p>
      <p class="links">${x.links.map((l) => html`<a href=${l.url} target="_blank" rel="noopener">${l.text}</a>`)}</p>`;
  }
}

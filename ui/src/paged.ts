// A list that comes page by page, and anew whenever something has changed.

import { type ReactiveController, type ReactiveControllerHost, type TemplateResult, html, nothing } from "lit";
import { type Problem, problemOf } from "./api.js";
import { notice } from "./dialog.js";
import { count, t } from "./i18n.js";

export type Page<T> = { items: T[]; next?: string | undefined; hidden?: number | undefined };

/** Says how many of a list are not for this person to see. */
export function notShown(hidden: number): TemplateResult | typeof nothing {
  return hidden ? html`<p class="small soft">${count("frameio.hidden", hidden)}</p>` : nothing;
}

export class Paged<T> implements ReactiveController {
  items: T[] = [];
  private loaded = false;
  private next: string | undefined;
  private hidden = 0;
  private problem: Problem | undefined;
  private readonly refresh = () => void this.load();

  constructor(private readonly host: ReactiveControllerHost, private readonly page: (cursor?: string) => Promise<Page<T>>) {
    host.addController(this);
  }

  hostConnected(): void {
    window.addEventListener("nxf-changed", this.refresh);
    void this.load();
  }
  hostDisconnected(): void {
    window.removeEventListener("nxf-changed", this.refresh);
  }

  /** Reads the list again from its beginning. */
  again(): void {
    void this.load();
  }

  private async load(cursor?: string): Promise<void> {
    try {
      const answer = await this.page(cursor);
      this.items = cursor ? [...this.items, ...answer.items] : answer.items;
      this.hidden = (cursor ? this.hidden : 0) + (answer.hidden ?? 0);
      [this.loaded, this.next, this.problem] = [true, answer.next, undefined];
    } catch (thrown) {
      this.problem = problemOf(thrown);
    }
    this.host.requestUpdate();
  }

  /** What stands in place of the list: why it cannot be shown, that it is loading, or that nothing is in it. */
  instead(empty: string): TemplateResult | undefined {
    if (this.problem) return notice(this.problem, this.refresh);
    if (!this.loaded) return html`<p role="status" class="soft">${t("frameio.loading")}</p>`;
    return this.items.length || this.next || this.hidden ? undefined : html`<p class="soft">${empty}</p>`;
  }

  /** How many are not for this person to see, and the button for the next page, if there is one. */
  more(label = t("frameio.more")): TemplateResult | typeof nothing {
    if (!this.next && !this.hidden) return nothing;
    return html`${notShown(this.hidden)}${this.next ? html`<div><button @click=${() => void this.load(this.next)}>${label}</button></div>` : nothing}`;
  }
}

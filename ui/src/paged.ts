// A list that comes page by page.

import { type ReactiveControllerHost, type TemplateResult, html, nothing } from "lit";
import { count, t } from "./i18n.js";
import { Loader, type Plan } from "./loader.js";

export type Page<T> = { items: T[]; next?: string | undefined; hidden?: number | undefined };

/** Says how many of a list are not for this person to see. */
export function notShown(hidden = 0): TemplateResult | typeof nothing {
  return hidden ? html`<p class="small soft">${count("frameio.hidden", hidden)}</p>` : nothing;
}

export class Paged<T> extends Loader<Page<T>> {
  constructor(
    host: ReactiveControllerHost & HTMLElement,
    private readonly page: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
    more: Omit<Plan<Page<T>>, "load"> = {},
  ) {
    super(host, { ...more, load: (_, signal) => page(undefined, signal) });
  }

  get items(): T[] {
    return this.value?.items ?? [];
  }
  set items(items: T[]) {
    this.value = { ...this.value, items };
    this.host.requestUpdate();
  }

  /** Adds the next page, if there is one. */
  async further(): Promise<void> {
    const { next } = this.value ?? {};
    if (next) await this.ask(async (_, signal) => this.after(await this.page(next, signal)));
  }

  private after(page: Page<T>): Page<T> {
    return { ...page, items: [...this.items, ...page.items], hidden: (this.value?.hidden ?? 0) + (page.hidden ?? 0) };
  }

  /** What stands in place of the list: why it is not there, that it is on its way, or, as given, that it is empty. */
  override instead(empty?: string): TemplateResult | undefined {
    const { next, hidden } = this.value ?? {};
    const full = empty === undefined || this.items.length || next || hidden;
    return super.instead() ?? (full ? undefined : html`<p class="soft">${empty}</p>`);
  }

  /** How many are not for this person to see, and the button for the next page, if there is one. */
  more(label = t("frameio.more")): TemplateResult | typeof nothing {
    const { next, hidden } = this.value ?? {};
    if (!next && !hidden) return nothing;
    const button = html`<div><button @click=${() => void this.further()}>${label}</button></div>`;
    return html`${notShown(hidden)}${next ? button : nothing}`;
  }
}

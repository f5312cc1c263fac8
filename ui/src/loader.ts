// What an element loads and keeps up to date. Nothing is asked while nobody sees the
// element or the page is hidden, and an answer for what is no longer wanted is dropped.

import { type ReactiveController, type ReactiveControllerHost, type TemplateResult, html, nothing } from "lit";
import { type Problem, problemOf } from "./api.js";
import { notice } from "./dialog.js";
import { t } from "./i18n.js";
import { Shown } from "./shown.js";

/** What is to be loaded, and when again. */
export interface Plan<T> {
  /** What is wanted, undefined while it is not known. When it changes, what was there is forgotten. */
  key?(): string | undefined;
  /** Asks; the signal aborts when another key is wanted or nobody sees the element any more. */
  load(key: string, signal: AbortSignal): Promise<T>;
  /** When this changes, it is loaded again; what is there stays until then. */
  revision?(): string;
  /** How many ms after an answer it is loaded again; 0: not by itself. */
  every?(value: T | undefined): number;
  /** A small question that comes before, if there is one: whether there is anything new to load. */
  peek?(value: T): Promise<boolean>;
  /** Called when a key begins to be looked at, with the signal that load gets. */
  begin?(signal: AbortSignal): void;
  /** Called with each value, and the one before it of the same key. */
  came?(value: T, before: T | undefined): void;
  /** Whether it stays as it is when something else has changed ("nxf-changed"). */
  deaf?: boolean;
}

export class Loader<T> implements ReactiveController {
  value: T | undefined;
  /** Why the last answer did not come. */
  problem: Problem | undefined;
  /** Whether an answer is awaited. */
  busy = false;
  private key: string | undefined;
  private revision: string | undefined;
  private due = true; // whether to load as soon as somebody looks
  private timer = 0;
  private stop = new AbortController();
  private asking = Promise.resolve();
  private readonly visibility: Shown;
  private readonly look = (): Promise<void> => (this.due ? this.ask(this.plan.load) : Promise.resolve());

  constructor(protected readonly host: ReactiveControllerHost & HTMLElement, private readonly plan: Plan<T>) {
    this.visibility = new Shown(host, () => this.restart());
    host.addController(this);
  }

  hostConnected(): void {
    document.addEventListener("visibilitychange", this.look);
    if (!this.plan.deaf) window.addEventListener("nxf-changed", this.refresh);
  }

  hostDisconnected(): void {
    document.removeEventListener("visibilitychange", this.look);
    window.removeEventListener("nxf-changed", this.refresh);
  }

  hostUpdate(): void {
    const [key, revision] = [this.plan.key ? this.plan.key() : "", this.plan.revision?.()];
    if (revision !== this.revision) [this.revision, this.due] = [revision, true];
    if (key === this.key) return void this.look();
    this.key = key;
    this.value = this.problem = undefined;
    this.restart();
  }

  /** Whether the element has any room on the page. */
  get shown(): boolean {
    return this.visibility.now;
  }

  /** Loads again; what is on its way already may be too old, and is followed by another. */
  readonly refresh = (): Promise<void> => {
    this.due = true;
    return this.look();
  };

  /** Takes what is known without asking, such as the answer to a change. */
  take(value: T): void {
    const before = this.value;
    [this.value, this.problem] = [value, undefined];
    this.plan.came?.(value, before);
    this.settle();
  }

  /** Shows a problem in place of the value. */
  fail(thrown: unknown): void {
    this.problem = problemOf(thrown);
    this.settle();
  }

  /** What stands in place of the value: why it cannot be shown, or that it is on its way. */
  instead(): TemplateResult | undefined {
    if (this.problem) return notice(this.problem, this.refresh);
    return this.value === undefined ? html`<p role="status" class="soft">${t("frameio.loading")}</p>` : undefined;
  }

  /** The value as it is to be shown, or what stands in its place; nothing while nobody sees it. */
  show(of: (value: T) => unknown): unknown {
    return this.shown ? (this.instead() ?? of(this.value!)) : nothing;
  }

  // Begins anew: something else is wanted, or somebody begins or ceases to look.
  private restart(): void {
    this.stop.abort();
    window.clearTimeout(this.timer);
    [this.stop, this.busy, this.due] = [new AbortController(), false, true];
    if (!this.shown || this.key === undefined) return;
    this.plan.begin?.(this.stop.signal);
    void this.look();
  }

  /** Asks in this way, if somebody looks and no answer is awaited. */
  protected ask(load: Plan<T>["load"]): Promise<void> {
    if (this.busy) return this.asking;
    const { key, stop: { signal } } = this;
    if (key === undefined || !this.shown || document.visibilityState !== "visible") return Promise.resolve();
    return (this.asking = this.answer(load(key, signal), signal));
  }

  private async answer(coming: Promise<T>, signal: AbortSignal): Promise<void> {
    [this.busy, this.due] = [true, false];
    this.host.requestUpdate();
    const known = await coming.then((value) => () => this.take(value), (thrown: unknown) => () => this.fail(thrown));
    if (signal.aborted) return;
    this.busy = false;
    known();
    return this.look();
  }

  private settle(): void {
    this.host.requestUpdate();
    window.clearTimeout(this.timer);
    const pause = this.plan.every?.(this.value) ?? 0;
    const { signal } = this.stop;
    if (pause && this.shown) this.timer = window.setTimeout(() => void this.again(signal), pause);
  }

  private async again(signal: AbortSignal): Promise<void> {
    const small = this.value !== undefined && document.visibilityState === "visible" ? this.plan.peek : undefined;
    const news = small ? await small(this.value!) : true;
    if (signal.aborted) return;
    if (news) void this.refresh();
    else this.settle();
  }
}

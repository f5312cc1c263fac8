// A question that is asked anew whenever a form has changed: when nothing has
// changed for a moment, and giving up the one before.

import { aborted } from "./api.js";

const waitBefore = 200; // ms

export class Asking {
  private stop = new AbortController();
  private timer = 0;

  /** Asks in a moment; what was asked before is not answered any more. */
  again<T>(
    ask: (signal: AbortSignal) => Promise<T>, answered: (answer: T) => void, failed: (thrown: unknown) => void,
  ): void {
    this.end();
    const { signal } = (this.stop = new AbortController());
    const now = (): Promise<void> => ask(signal).then(
      (answer) => { if (!signal.aborted) answered(answer); },
      (thrown: unknown) => { if (!signal.aborted && !aborted(thrown)) failed(thrown); },
    );
    this.timer = window.setTimeout(() => void now(), waitBefore);
  }

  /** Gives up. */
  end(): void {
    window.clearTimeout(this.timer);
    this.stop.abort();
  }
}

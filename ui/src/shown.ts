// Whether an element is shown. Web UI stamps our tabs for every document that has them
// and shows one at a time, by display: what nobody looks at must cost nothing.

import type { ReactiveController, ReactiveControllerHost } from "lit";

export class Shown implements ReactiveController {
  /** Whether the element has any room on the page. */
  now = false;
  private readonly sizes = new ResizeObserver(() => this.look());

  /** Calls when the element begins to be shown, and when it no longer is. */
  constructor(
    private readonly host: ReactiveControllerHost & HTMLElement, private readonly turn: (now: boolean) => void,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.sizes.observe(this.host);
  }

  hostDisconnected(): void {
    this.sizes.disconnect();
    this.set(false);
  }

  private look(): void {
    this.set(this.host.getClientRects().length > 0 && this.host.offsetWidth > 0);
  }

  private set(now: boolean): void {
    if (now === this.now) return;
    this.now = now;
    this.turn(now);
    this.host.requestUpdate();
  }
}

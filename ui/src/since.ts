// How long ago something was, in a text that goes on by itself while somebody looks.

import { AsyncDirective, directive } from "lit/async-directive.js";
import { ago } from "./format.js";

/** How often the texts are written anew, in ms. */
const pause = 20_000;

// One timer goes for all texts of the page, as long as there are any.
const texts = new Set<Since>();
let timer = 0;

const tick = (): void => {
  if (document.visibilityState === "visible") for (const text of texts) text.write();
};

class Since extends AsyncDirective {
  private iso = "";

  render(iso: string): string {
    this.iso = iso;
    if (this.isConnected) this.reconnected();
    return ago(iso);
  }

  override reconnected(): void {
    if (!texts.size) {
      timer = window.setInterval(tick, pause);
      document.addEventListener("visibilitychange", tick);
    }
    texts.add(this);
  }

  override disconnected(): void {
    texts.delete(this);
    if (texts.size) return;
    window.clearInterval(timer);
    document.removeEventListener("visibilitychange", tick);
  }

  write(): void {
    this.setValue(ago(this.iso));
  }
}

/** How long ago this was, like 3 minutes ago; it stays true while the page is open. */
export const since = directive(Since);

// Connecting Frame.io: a window for the sign-in, and waiting until it is done.
// The window belongs to the connector, so that only the browser in which a
// person is signed in can connect that person.

import { html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { define } from "./define.js";
import { type Person, Problem, get } from "./api.js";
import { Dialog, notice } from "./dialog.js";
import { connector } from "./host.js";
import { t } from "./i18n.js";

const looksEvery = 1500; // ms
const windowSize = "popup,width=620,height=760";

interface Told {
  type: string;
  connected: boolean;
  login?: string;
  message?: string;
  remedy?: string;
}

/**
 * The person, connected to Frame.io; undefined when they gave up. Call it from a click: the window is opened at once
 * if it may be.
 */
export async function connected(): Promise<Person | undefined> {
  const me = await get<Person>("/me");
  if (me.frameio_connected) return me;
  const dialog = document.createElement("nxf-connect") as Connect;
  dialog.person = me;
  dialog.open();
  return dialog.show();
}

@define("nxf-connect")
export class Connect extends Dialog<Person> {
  person!: Person;
  @state() private stage: "waiting" | "blocked" | "closed" = "waiting";
  private window: Window | null = null;
  private timer = 0;
  private asking = false;
  private readonly hear = (event: MessageEvent) => this.told(event);

  /** Opens the window; the browser may refuse, and says so by giving none. */
  open(): void {
    this.window = window.open(`${connector()}/connect?return=/connected`, "nxf-connect", windowSize);
    this.problem = undefined;
    this.stage = this.window ? "waiting" : "blocked";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("message", this.hear);
    this.timer = window.setInterval(() => void this.look(), looksEvery);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("message", this.hear);
    window.clearInterval(this.timer);
  }

  private told(event: MessageEvent): void {
    const told = event.data as Told | null;
    const ours = new URL(connector() || location.href, location.href).origin;
    if (event.origin !== ours || told?.type !== "nuxeo-frameio") return;
    if (told.connected && told.login === this.person.login) return void this.look();
    const refused = told.message ?? t("frameio.connect.refused");
    const other = t("frameio.connect.other", told.login ?? "", this.person.login);
    this.problem = told.connected
      ? new Problem(0, "other", other, "", t("frameio.connect.other.remedy"))
      : new Problem(0, "refused", refused, "", told.remedy ?? "");
  }

  // The answer of the connector counts, not what a window says; a window that
  // went through other sites may not be able to say anything.
  private async look(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      const me = await get<Person>("/me");
      if (me.frameio_connected) this.close(me);
      else if (this.window?.closed && this.stage === "waiting") this.stage = "closed";
    } catch {
      // it is asked again
    } finally {
      this.asking = false;
    }
  }

  protected heading(): string {
    return t("frameio.connect.title");
  }

  protected content(): TemplateResult {
    const why = this.person.frameio_problem;
    return html`<p>${t("frameio.connect.why")}</p>
      ${why ? html`<p class="soft">${why}</p>` : nothing}
      ${this.stage === "blocked"
        ? notice(new Problem(0, "blocked", t("frameio.connect.blocked"), "", t("frameio.connect.blocked.remedy")))
        : nothing}
      <p role="status" class="soft">${this.stage === "blocked" ? nothing : t(`frameio.connect.${this.stage}`)}</p>`;
  }

  protected confirm(): { label: string } {
    return { label: t(this.stage === "waiting" ? "frameio.connect.again" : "frameio.connect.open") };
  }

  protected async submit(): Promise<undefined> {
    this.open();
    return undefined;
  }
}

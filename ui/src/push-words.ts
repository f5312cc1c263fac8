// What a push says of itself.

import { html, nothing, type TemplateResult } from "lit";
import { Problem, type Schemas, change, path } from "./api.js";
import { define } from "./define.js";
import { Dialog } from "./dialog.js";
import { date } from "./format.js";
import { itemAddress, ownPages, safeLink } from "./host.js";
import { out } from "./icons.js";
import { t } from "./i18n.js";

export type Push = Schemas["Push"];

/** One line on where a push stands. */
export function pushLine(p: Push): string {
  // A project's outermost folder is called like the project.
  const folder = p.frameio_folder_name === p.project_name ? "" : p.frameio_folder_name;
  const where = [p.team_name, p.project_name, folder].filter(Boolean).join(" / ");
  return t(`frameio.push.state.${p.state}`, p.pushed_by, date(p.opened ?? p.created), where);
}

/** Where to go on from a push. */
export function pushLinks(p: Push): TemplateResult {
  const there = safeLink(p.view_url);
  return html`${p.item && p.state === "sending"
    ? html`<a href=${itemAddress(p.item)} target=${ownPages()}>${t("frameio.push.progress")}</a>`
    : nothing}
    ${there ? html`<a class="row tight" href=${there} target="_blank"
      rel="noreferrer noopener">${t("frameio.document.onFrameio")}${out}</a>` : nothing}`;
}

/** Ends the waiting for a push: its lock is given back, and the reason is kept. */
@define("nxf-release")
export class Release extends Dialog<Push> {
  push!: Push;

  protected heading(): string {
    return t("frameio.release.title", this.push.title);
  }
  protected confirm(): { label: string; danger: boolean } {
    return { label: t("frameio.release"), danger: true };
  }
  protected override fields(): string[] {
    return ["reason"];
  }
  protected content(): TemplateResult {
    return html`<p>${t("frameio.release.effect")}</p>
      <label>${t("frameio.release.reason")}<span aria-hidden="true"> *</span>
        <textarea name="reason" rows="2" maxlength="1000" aria-invalid=${this.problem?.field === "reason"}
          aria-describedby="reason-error"></textarea>${this.wrong("reason")}</label>`;
  }
  protected async submit(): Promise<Push> {
    const reason = String(new FormData(this.renderRoot.querySelector("form")!).get("reason") ?? "").trim();
    if (!reason) throw new Problem(0, "invalid", t("frameio.release.missing"), "reason");
    return change<Push>("POST", path("locks", this.push.id, "release"), { reason });
  }
}

/** Asks why, and releases; undefined when it was not done. */
export function release(push: Push): Promise<Push | undefined> {
  const dialog = document.createElement("nxf-release") as Release;
  dialog.push = push;
  return dialog.show();
}

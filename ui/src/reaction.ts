// What Nuxeo did, or is to do, because of something that happened to a document.

import { html, nothing, type TemplateResult } from "lit";
import { type Item, type Schemas, change, path } from "./api.js";
import { itemAddress, ownPages } from "./host.js";
import { t } from "./i18n.js";

export type Reaction = Schemas["Reaction"];

/** What there is to say of a reaction: nothing once it is done. */
export function reactionNotice(r: Reaction | undefined, again: () => void): TemplateResult | typeof nothing {
  if (!r || r.state === "done" || r.state === "canceled") return nothing;
  const failed = r.state === "failed";
  return html`<div class="notice ${failed ? "wrong" : ""}">
    <strong class="wrap" role="status">${t(`frameio.reaction.${failed ? "failed" : "open"}`, r.action,
      t(`frameio.reaction.on.${r.event}`), r.person)}</strong>
    ${r.message ? html`<span class="wrap">${r.message} ${r.remedy ?? ""}</span>` : nothing}
    <span class="row"><a href=${itemAddress(r.item)} target=${ownPages()}>${t("frameio.reaction.item")}</a>
      ${failed && r.may_change ? html`<button @click=${again}>${t("frameio.retry")}</button>` : nothing}</span></div>`;
}

/** Has Nuxeo asked once more. */
export const askAgain = (r: Reaction): Promise<Item> => change<Item>("POST", path("items", r.item, "retry"));

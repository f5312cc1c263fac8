// What becomes of the copy on Frame.io when a document has come back: how it is chosen, and what the document's tab
// says of it.

import { html, nothing, type TemplateResult } from "lit";
import { type Schemas, change, path } from "./api.js";
import { date, size } from "./format.js";
import { count, t } from "./i18n.js";

export type Choice = Schemas["CopyChoice"];
export type Copy = Schemas["Copy"];
type List = Schemas["CopyList"];

const actions = ["leave", "move", "delete"] as const;

/** The fields of a choice; wrong gives what is wrong with one of them. */
export function choiceFields(
  now: Choice, changed: (action: Choice["action"]) => void, wrong: (field: string) => unknown,
): TemplateResult {
  return html`<fieldset><legend>${t("frameio.copies.title")}</legend>
    ${actions.map((action) => html`<label class="option">
      <input type="radio" name="copies" value=${action} .checked=${action === now.action}
        @change=${() => changed(action)}><span>${t(`frameio.copies.${action}`)}</span></label>`)}
    ${now.action === "move"
      ? html`<label>${t("frameio.copies.folder")}<input name="copy_folder" maxlength="255"
          .value=${now.folder ?? "Returned"} aria-describedby="copy_folder-error"></label>${wrong("copy_folder")}`
      : nothing}
    ${now.action === "delete"
      ? html`<label>${t("frameio.copies.days")}<input name="copy_days" type="number" min="0" max="3650" step="1"
          .value=${String(now.days ?? 30)} aria-describedby="copy-days-hint copy_days-error">
          <span class="hint" id="copy-days-hint">${t("frameio.copies.days.hint")}</span></label>${wrong("copy_days")}`
      : nothing}
    ${now.action === "leave" ? nothing : html`<span class="hint">${t("frameio.copies.hint")}</span>`}
    ${wrong("copies")}</fieldset>`;
}

/** What was filled in. */
export function choiceOf(form: FormData): Choice {
  const action = form.get("copies") as Choice["action"];
  if (action === "move") return { action, folder: String(form.get("copy_folder") ?? "").trim() };
  if (action === "delete") return { action, days: Number(form.get("copy_days") ?? 30) };
  return { action };
}

/** A choice in words. */
export function choiceWords(c: Choice): string {
  if (c.action === "move") return t("frameio.copies.said.move", c.folder ?? "");
  if (c.action !== "delete") return t("frameio.copies.said.leave");
  return c.days ? count("frameio.copies.said.delete", c.days) : t("frameio.copies.said.now");
}

/** What a choice would do with which copies, and what it would leave. */
export function copiesPreview(list: List): TemplateResult {
  const amount = (a: List["waiting"]): string => t("frameio.copies.amount", a.count, size(a.bytes));
  return html`<h3>${t("frameio.copies.preview")}</h3>
    <ul><li>${t("frameio.copies.review", amount(list.under_review))}</li>
      <li>${t("frameio.copies.waiting", amount(list.waiting))}</li>
      <li>${t("frameio.copies.earlier", amount(list.earlier))}</li>
      ${list.copies.map((c) => html`<li class="wrap">${foreseen(c)}</li>`)}</ul>
    ${list.more ? html`<p class="soft">${t("frameio.copies.more")}</p>` : nothing}
    ${list.earlier.count && list.choice.action !== "leave"
      ? html`<label class="option"><input type="checkbox" name="include">
          <span>${t("frameio.copies.include")}</span></label>`
      : nothing}`;
}

function foreseen(c: Copy): string {
  const name = t("frameio.copies.amount", c.title, size(c.size));
  if (c.state !== "waiting") return t("frameio.copies.one.left", name, c.reason ?? t("frameio.copies.said.leave"));
  return c.action === "move" ? t("frameio.copies.one.move", name) : t("frameio.copies.one.delete", name, date(c.due));
}

/** What there is to say of the copy of a document. */
export function copyNotice(c: Copy | undefined, act: (deed: "keep" | "again" | "undo") => void)
  : TemplateResult | typeof nothing {
  if (!c) return nothing;
  const button = (deed: "keep" | "again" | "undo", label: string): TemplateResult =>
    html`<button class="copy-${deed}" @click=${() => act(deed)}>${label}</button>`;
  const offered = {
    waiting: () => button("keep", t("frameio.copy.keep")),
    moved: () => button("undo", t("frameio.copy.undo")),
    deleted: () => (c.restorable_until ? button("undo", t("frameio.copy.undo")) : nothing),
    left: () => button("again", t(`frameio.copy.again.${c.action}`)),
    kept: () => button("again", t(`frameio.copy.again.${c.action}`)),
    restored: () => button("again", t(`frameio.copy.again.${c.action}`)),
  }[c.state as string];
  return html`<div class="notice copy"><span class="wrap" role="status">${copyWords(c)}</span>
    ${c.state === "deleted" && c.restorable_until
      ? html`<span class="wrap soft">${t("frameio.copy.restorable", date(c.restorable_until))}</span>`
      : nothing}
    ${c.may_change && offered ? html`<span class="row">${offered()}</span>` : nothing}</div>`;
}

function copyWords(c: Copy): string {
  switch (c.state) {
    case "waiting": return c.action === "move"
      ? t("frameio.copy.waiting.move", c.folder ?? "")
      : t("frameio.copy.waiting.delete", date(c.due));
    case "moved": return t("frameio.copy.moved", c.folder ?? "", date(c.ended));
    case "deleted": return t("frameio.copy.deleted", date(c.ended));
    case "left": return t("frameio.copy.left", c.reason ?? "");
    case "kept": return c.ended_by ? t("frameio.copy.kept.by", c.ended_by) : t("frameio.copy.kept");
    default: return t(`frameio.copy.${c.state}`);
  }
}

/** Keeps a copy, asks for it again, or undoes what became of it. */
export const decide = (c: Copy, deed: "keep" | "again" | "undo"): Promise<Copy> =>
  change<Copy>("POST", path("copies", c.push, deed));

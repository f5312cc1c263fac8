// What a synchronization can be told beyond what it mirrors, with defaults that
// are good for most: the fields, and how they are read.

import { type TemplateResult, html, nothing } from "lit";
import { Problem, type Schemas } from "./api.js";
import { t } from "./i18n.js";

type Form = Schemas["SyncForm"];
type Media = NonNullable<NonNullable<Form["filter"]>["media"]>[number];

/** What shows the fields. */
export interface Asker {
  /** What is wrong with a field. */
  wrong(field: string): TemplateResult | typeof nothing;
  /** Whether it is to run by itself, and what hears of a change. */
  scheduled: boolean;
  schedule(yes: boolean): void;
  /** Whether documents get no content, and what hears of a change. */
  bare: boolean;
  strip(yes: boolean): void;
  /** What is filled in before; without it what is good for most. */
  readonly is?: Settings;
}

/** What a synchronization is told. */
export type Settings = Pick<Form,
  "fetch" | "earlier_versions" | "events" | "comments" | "filter" | "gone" | "conflicts" | "every_minutes">;

/** The names of the fields, as problems name them. */
export const fields = [
  "fetch", "earlier_versions", "events", "comments", "name", "media", "most", "status", "gone", "conflicts", "every",
];

const fetches: NonNullable<Form["fetch"]>[] = ["original", "proxy", "metadata"];
const medias: Media[] = ["video", "audio", "image", "document"];
const sizes: Record<string, number> = { MB: 1e6, GB: 1e9 };
const spans: Record<string, number> = { minutes: 1, hours: 60, days: 1440 };

/** The fields. */
export function more(asker: Asker): TemplateResult {
  return html`${fetching(asker)}
    <div>${earlier(asker)} ${tick(asker, "comments")} ${tick(asker, "events")}</div>
    ${name(asker)} ${media(asker)} ${most(asker)} ${status(asker)}
    ${choice(asker, "gone", ["keep", "trash"])} ${choice(asker, "conflicts", ["nuxeo", "frameio", "both"])}
    ${every(asker)}`;
}

// A box that is ticked unless somebody minds.
const tick = (asker: Asker, field: "comments" | "events"): TemplateResult => html`<label class="option">
  <input type="checkbox" name=${field} .checked=${asker.is?.[field] ?? true}>${t(`frameio.sync.${field}`)}</label>`;

function fetching(asker: Asker): TemplateResult {
  const heard = (e: Event): void => asker.strip((e.target as HTMLSelectElement).value === "metadata");
  return html`<label>${t("frameio.sync.fetch")}
    <select name="fetch" @change=${heard} aria-invalid=${invalid(asker, "fetch")}
      aria-describedby="fetch-hint fetch-error">
      ${fetches.map((f) => html`<option value=${f} ?selected=${f === asker.is?.fetch}>
        ${t(`frameio.sync.fetch.${f}`)}</option>`)}</select>
    <span class="hint" id="fetch-hint">${t("frameio.sync.fetch.hint")}</span>${asker.wrong("fetch")}</label>`;
}

// What has no content has no earlier content either.
function earlier(asker: Asker): TemplateResult {
  const hint = html`<span class="hint under" id="earlier-hint">${t("frameio.sync.earlier.bare")}</span>`;
  return html`<div><label class="option"><input type="checkbox" name="earlier_versions" ?disabled=${asker.bare}
      .checked=${asker.is?.earlier_versions ?? false}
      aria-describedby="earlier-hint earlier_versions-error">${t("frameio.sync.earlier")}</label>
    ${asker.bare ? hint : nothing}${asker.wrong("earlier_versions")}</div>`;
}

const invalid = (asker: Asker, field: string): boolean => asker.wrong(field) !== nothing;

function text(asker: Asker, field: string, value = ""): TemplateResult {
  return html`<label>${t(`frameio.sync.${field}`)}<input name=${field} maxlength="255" autocomplete="off"
    .defaultValue=${value}
    aria-invalid=${invalid(asker, field)} aria-describedby=${`${field}-hint ${field}-error`}>
    <span class="hint" id=${`${field}-hint`}>${t(`frameio.sync.${field}.hint`)}</span>${asker.wrong(field)}</label>`;
}

const name = (asker: Asker): TemplateResult => text(asker, "name", asker.is?.filter?.name);
const status = (asker: Asker): TemplateResult => text(asker, "status", asker.is?.filter?.status?.join(", "));

function media(asker: Asker): TemplateResult {
  return html`<fieldset aria-describedby="media-hint"><legend>${t("frameio.sync.media")}</legend>
    <div class="row tight">${medias.map((m) => html`<label class="option">
      <input type="checkbox" name="media" value=${m}
        .checked=${asker.is?.filter?.media?.includes(m) ?? false}>${t(`frameio.sync.media.${m}`)}</label>`)}</div>
    <span class="hint" id="media-hint">${t("frameio.sync.media.hint")}</span>${asker.wrong("media")}</fieldset>`;
}

function most(asker: Asker): TemplateResult {
  const is = asker.is?.filter?.most;
  const unit = is && is % 1e9 ? "MB" : "GB";
  return html`<div><label for="most">${t("frameio.sync.most")}</label>
    <div class="pair">
      <input id="most" name="most" inputmode="decimal" maxlength="12" autocomplete="off"
        .defaultValue=${is ? String(is / sizes[unit]!) : ""} aria-invalid=${invalid(asker, "most")}
        aria-describedby="most-error">
      <select name="most_unit" aria-label=${t("frameio.sync.most.unit")}>
        ${Object.keys(sizes).map((u) => html`<option ?selected=${u === unit}>${u}</option>`)}</select></div>
    ${asker.wrong("most")}</div>`;
}

function choice(asker: Asker, field: "gone" | "conflicts", choices: string[]): TemplateResult {
  return html`<label>${t(`frameio.sync.${field}`)}
    <select name=${field} aria-invalid=${invalid(asker, field)} aria-describedby=${`${field}-error`}>
      ${choices.map((c) => html`<option value=${c} ?selected=${c === asker.is?.[field]}>
        ${t(`frameio.sync.${field}.${c}`)}</option>`)}</select>
    ${asker.wrong(field)}</label>`;
}

function every(asker: Asker): TemplateResult {
  const { unit, n } = spanOf(asker.is?.every_minutes ?? 0);
  const heard = (e: Event): void => asker.schedule((e.target as HTMLSelectElement).value !== "");
  const number = html`<input name="every" inputmode="numeric" maxlength="6" autocomplete="off"
    aria-label=${t("frameio.sync.every.number")} .defaultValue=${n} aria-invalid=${invalid(asker, "every")}
    aria-describedby="every-error">`;
  return html`<div><label for="every_unit">${t("frameio.sync.every")}</label>
    <div class="pair">
      <select id="every_unit" name="every_unit" @change=${heard}>
        <option value="">${t("frameio.sync.every.never")}</option>
        ${Object.keys(spans).map((s) => html`<option value=${s} ?selected=${s === unit}>
          ${t(`frameio.sync.every.${s}`)}</option>`)}</select>
      ${asker.scheduled ? number : nothing}</div>
    ${asker.wrong("every")}</div>`;
}

// An interval in the largest unit that it is whole in; of none, what is proposed.
function spanOf(minutes: number): { unit: string; n: string } {
  const unit = Object.keys(spans).findLast((s) => minutes && minutes % spans[s]! === 0) ?? "";
  return { unit, n: unit ? String(minutes / spans[unit]!) : "30" };
}

/** What was filled in; throws a problem of its field. */
export function read(form: FormData): Settings {
  const one = (field: string): string => String(form.get(field) ?? "").trim();
  const largest = number(one("most"), "most", sizes[one("most_unit")] ?? 1);
  const span = spans[one("every_unit")];
  return {
    fetch: one("fetch") as NonNullable<Form["fetch"]>, earlier_versions: form.has("earlier_versions"),
    events: form.has("events"), comments: form.has("comments"),
    filter: {
      ...(one("name") && { name: one("name") }), ...(largest && { most: Math.round(largest) }),
      media: form.getAll("media") as Media[], status: one("status").split(",").map((s) => s.trim()).filter(Boolean),
    },
    gone: one("gone") as NonNullable<Form["gone"]>, conflicts: one("conflicts") as NonNullable<Form["conflicts"]>,
    every_minutes: span ? whole(number(one("every"), "every", span)) : 0,
  };
}

// Nothing is no number; what is no number has a field to say so.
function number(text: string, field: string, times: number): number | undefined {
  if (!text) return undefined;
  const n = Number(text.replace(",", "."));
  if (!(n > 0)) throw new Problem(0, "invalid", t("frameio.sync.number"), field);
  return n * times;
}

function whole(minutes: number | undefined): number {
  if (minutes === undefined || !Number.isInteger(minutes)) {
    throw new Problem(0, "invalid", t("frameio.sync.every.whole"), "every");
  }
  return minutes;
}

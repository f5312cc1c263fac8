// Texts. In Web UI they come from its translations, into which the package has
// merged ours; elsewhere, and where a translation lacks one, from our English.

import english from "../messages/messages.json";

type Dictionary = Record<string, string>;

const reference: Dictionary = english;
let page: Dictionary = {};

/** The text of a key, with {0}, {1}… replaced. An unknown key shows itself. */
export function t(key: string, ...values: (string | number)[]): string {
  const text = translated(key) ?? page[key] ?? reference[key] ?? key;
  return text.replace(/\{(\d)\}/g, (whole, n: string) => String(values[Number(n)] ?? whole));
}

/** The text for a number of things: key + ".one" or ".other". */
export function count(key: string, n: number, ...values: (string | number)[]): string {
  const rule = new Intl.PluralRules(language()).select(n) === "one" ? "one" : "other";
  return t(`${key}.${rule}`, n.toLocaleString(language()), ...values);
}

/**
 * Gives Web UI our English for what it has no text of. Its own translate falls back to nothing, a browser may keep the
 * texts from before the package was installed for a day, and a language may be one that the package does not know of.
 */
export function completeTexts(): void {
  const fill = () => {
    const i18n = window.nuxeo?.I18n;
    if (!i18n) return;
    const known = i18n.language ?? "en";
    i18n[known] = { ...reference, ...(i18n[known] as Dictionary | undefined) };
  };
  fill();
  document.addEventListener("i18n-locale-loaded", fill);
}

function translated(key: string): string | undefined {
  const i18n = window.nuxeo?.I18n;
  return i18n?.[i18n.language ?? "en"]?.[key];
}

// A text that each complete translation has.
const sample = "frameio.loading";

/**
 * The language that dates, numbers and amounts are written in, and things are counted in. It is that of our texts: on a
 * page in a language that we have no more than titles in, a sentence of ours is English to its end.
 */
export function language(): string {
  const wanted = window.nuxeo?.I18n?.language || document.documentElement.lang || "en";
  return t(sample) === reference[sample] && !wanted.startsWith("en") ? "en" : wanted;
}

/** Loads the texts of the browser's language for our own pages; English stays when there are none. */
export async function loadTexts(base: string, offered: readonly string[]): Promise<void> {
  const wanted = navigator.languages.map((l) => l.split("-")[0]!).find((l) => l === "en" || offered.includes(l));
  if (!wanted || wanted === "en") return;
  const answer = await fetch(`${base}/ui/messages/messages-${wanted}.json`);
  if (!answer.ok) return;
  page = (await answer.json()) as Dictionary;
  document.documentElement.lang = wanted;
}

// What an item says of itself: its state, how far it is, what it can be asked.

import { html, nothing, type TemplateResult } from "lit";
import { type Item, change, path } from "./api.js";
import { clock, date, left, rate, size } from "./format.js";
import { care, clockFace, cross, dash, film, tick } from "./icons.js";
import { t } from "./i18n.js";

const pictures: Record<Item["state"], [TemplateResult, string]> = {
  waiting: [clockFace, "soft"],
  running: [film, "soft"],
  done: [tick, "good"],
  failed: [cross, "bad"],
  canceled: [dash, "soft"],
};

/** A picture of the state, with its word for those who cannot see it. */
export function stateIcon(item: Item): TemplateResult {
  const [picture, tone] = item.state === "done" && item.message ? [care, "warn"] : pictures[item.state];
  return html`<span class=${tone}
    title=${stateWord(item)}>${picture}<span class="unseen">${stateWord(item)}</span></span>`;
}

/** The state in a word: what became of it once it is done. */
export function stateWord(item: Item): string {
  if (item.state === "done" && item.outcome) return known(`frameio.outcome.${item.outcome}`, item.outcome);
  return t(`frameio.state.${item.state}`);
}

/** The kind of item, for people. */
export const kindWord = (item: Item): string => known(`frameio.kind.${item.kind}`, item.kind);

/** What a step does, in words. */
export const stepText = (step: string): string => known(`frameio.step.${step}`, t("frameio.state.running"));

const stepWord = (item: Item): string => stepText(item.step);

/** What happened to an item, in its history. */
export const eventWord = (event: string): string => known(`frameio.event.${event.replaceAll(" ", "-")}`, event);

/** More on what happened: steps and outcomes have words of their own. */
export function detailWord(event: string, detail: string): string {
  if (event === "step") return known(`frameio.step.${detail}`, detail);
  return event === "done" ? known(`frameio.outcome.${detail}`, detail) : detail;
}

/** The text of a key, or what stands for it when it has none. */
export function known(key: string, otherwise: string): string {
  const text = t(key);
  return text === key ? otherwise : text;
}

/** One line on how it goes: progress, or the reason why not. */
export function line(item: Item): string {
  if (item.message && item.state !== "running") return `${item.message} ${item.remedy ?? ""}`.trim();
  if (item.state !== "running") return stateWord(item);
  const moved = item.transfer;
  if (!moved || moved.done >= moved.size) return stepWord(item);
  const parts = [t("frameio.of", size(moved.done), size(moved.size))];
  if (moved.quiet_since) return [...parts, t("frameio.quiet", date(moved.quiet_since))].join(" · ");
  if (moved.rate > 0) parts.push(rate(moved.rate));
  if (moved.seconds_left !== undefined) parts.push(left(moved.seconds_left));
  return parts.join(" · ");
}

/** How far the bytes are, 0 to 1; undefined when nothing moves. */
export function share(item: Item): number | undefined {
  if (item.state !== "running" || !item.transfer) return undefined;
  return Math.min(1, item.transfer.done / item.transfer.size);
}

/** The bar of a transfer. */
export function bar(item: Item): TemplateResult | typeof nothing {
  const part = share(item);
  return part === undefined
    ? nothing
    : html`<progress max="1" .value=${part} aria-label=${t("frameio.progress", item.title)}></progress>`;
}

export const canRetry = (item: Item): boolean =>
  item.may_change && (item.state === "failed" || item.state === "canceled");
export const canCancel = (item: Item): boolean =>
  item.may_change && (item.state === "waiting" || item.state === "running");

/** Starts it again, or stops it. */
export const ask = (item: Item, what: "retry" | "cancel"): Promise<Item> =>
  change<Item>("POST", path("items", item.id, what));

/** How long it took, once it is over. */
export function took(item: Item): string {
  if (!item.finished) return "";
  return clock((new Date(item.finished).getTime() - new Date(item.created).getTime()) / 1000);
}

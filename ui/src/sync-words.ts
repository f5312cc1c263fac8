// What a synchronization says of itself.

import type { Schemas } from "./api.js";
import { date, size, span } from "./format.js";
import { count, t } from "./i18n.js";

export type Sync = Schemas["Sync"];
export type Run = Schemas["SyncRun"];

/** Whether something is still being brought: by a run, or after it, when a conflict was settled. */
export const underWay = (sync: Sync): boolean =>
  sync.last !== undefined && (sync.last.state === "running" || sync.last.waiting > 0);

/** Whether both sides are being compared. */
export const checking = (sync: Sync): boolean => sync.check?.state === "running";

/** Whether its last run asks before it goes on, since very much is gone. */
export const asks = (sync: Sync): boolean => sync.last?.state === "stopped";

/** Where it stands, in a word. */
export function stateOf(sync: Sync): string {
  if (checking(sync)) return t("frameio.sync.checking");
  if (sync.last && underWay(sync)) return t("frameio.state.running");
  if (sync.state === "paused") return t("frameio.sync.paused");
  return sync.last ? runState(sync.last) : "";
}

/** Where a run stands, in a word. */
export const runState = (run: Run): string =>
  (run.state === "stopped" ? t("frameio.outcome.stopped") : t(`frameio.state.${run.state}`));

/** How much of it wants attention; "0,0,0" when nothing does. */
export const troubles = (sync: Sync): string => [sync.missing, sync.troubled, sync.conflicting].join();

/** When it runs by itself. */
export function schedule(sync: Sync): string {
  const each = { 60: "frameio.sync.every.hour", 1440: "frameio.sync.every.day" }[sync.every_minutes];
  if (each) return t(each);
  return sync.every_minutes ? t("frameio.sync.every.is", span(sync.every_minutes)) : t("frameio.sync.every.never");
}

/** When it runs next. */
export function next(sync: Sync): string {
  if (sync.due) return [date(sync.due), schedule(sync)].join(" · ");
  return sync.state === "paused" && sync.every_minutes ? t("frameio.sync.next.paused", schedule(sync)) : schedule(sync);
}

/** What its documents get of their assets, in a line. */
export const fetched = (sync: Sync): string => [
  t(`frameio.sync.fetch.${sync.fetch}`), sync.earlier_versions ? t("frameio.sync.earlier.yes") : "",
].filter(Boolean).join(" · ");

/** What it leaves out, in a line. */
export function filters(sync: Sync): string {
  const { name, media, most, status } = sync.filter ?? {};
  const parts = [
    name, media?.map((m) => t(`frameio.sync.media.${m}`)).join(", "), most && t("frameio.sync.most.is", size(most)),
    status?.join(", "),
  ];
  return parts.filter(Boolean).join(" · ") || t("frameio.sync.filter.none");
}

/** How much it is: folders, documents, and bytes if there are any to bring. */
export const sum = (folders: number, assets: number, bytes?: number): string => [
  count("frameio.sync.folders", folders), count("frameio.sync.documents", assets),
  bytes === undefined ? "" : size(bytes),
].filter(Boolean).join(" · ");

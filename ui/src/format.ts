// How sizes, times and speeds are written.

import { count, language, t } from "./i18n.js";

const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** Bytes, like 999 bytes, 17 kB or 53.18 GB: by the same rules as in mails, see internal/plain/amount.go. */
export function size(bytes: number): string {
  let unit = 0;
  let n = bytes;
  for (let one = 1000; n >= 1000 && unit < units.length - 1; one *= 1000) {
    unit++;
    n = unit > 1 ? Math.round(bytes / (one / 100)) / 100 : Math.round(bytes / one);
  }
  return new Intl.NumberFormat(
    language(), { style: "unit", unit: units[unit]!, unitDisplay: unit ? "short" : "long", maximumFractionDigits: 2 },
  ).format(n);
}

/** Bytes a second. */
export const rate = (bytes: number): string => t("frameio.rate", size(bytes));

/** Seconds as 10:03:45 or 0:04. */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** How long something still takes, roughly. */
export function left(seconds: number): string {
  if (seconds < 60) return count("frameio.left.seconds", Math.max(1, Math.round(seconds)));
  if (seconds < 5400) return count("frameio.left.minutes", Math.round(seconds / 60));
  return count("frameio.left.hours", Math.round(seconds / 3600));
}

/** How long something lasts, roughly, like 5 minutes. */
export function lasting(seconds: number): string {
  const unit = seconds < 60 ? "second" : seconds < 5400 ? "minute" : seconds < 172_800 ? "hour" : "day";
  return inUnits(Math.max(1, Math.round(seconds / lengths[unit]!)), unit);
}

/** A span of minutes as it was given: in days or hours where these are whole. */
export function span(minutes: number): string {
  const unit = minutes % 1440 === 0 ? "day" : minutes % 60 === 0 ? "hour" : "minute";
  return inUnits((minutes * 60) / lengths[unit]!, unit);
}

const inUnits = (n: number, unit: string): string =>
  new Intl.NumberFormat(language(), { style: "unit", unit, unitDisplay: "long" }).format(n);

/** A date with its time. */
export function date(iso: string | undefined): string {
  if (!iso) return "";
  return new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

const steps: [number, Intl.RelativeTimeFormatUnit][] = [
  [60, "second"], [3600, "minute"], [86_400, "hour"], [86_400 * 30, "day"], [86_400 * 365, "month"], [Infinity, "year"],
];
const lengths: Record<string, number> = {
  second: 1, minute: 60, hour: 3600, day: 86_400, month: 86_400 * 30, year: 86_400 * 365,
};

/** How long ago, like 3 minutes ago. */
export function ago(iso: string): string {
  const seconds = (new Date(iso).getTime() - Date.now()) / 1000;
  const [, unit] = steps.find(([limit]) => Math.abs(seconds) < limit)!;
  return new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(
    Math.round(seconds / lengths[unit]!), unit,
  );
}

// Wall times and instants: what the clocks of a zone skip, and what they show twice.

import { serverNow } from "./api.js";
import { language } from "./words.js";

const DAY_MS = 86_400_000;
const FAR_MS = 12 * 3_600_000; // from here on a time alone may be that of another day
const wallForms = new Map();

/** Return whether the browser knows the zone. */
export function isZone(zone) {
  try {
    wallForm(zone);
    return true;
  } catch {
    return false;
  }
}

/** Return the instants, in ms, at which the zone's clocks show `wall` ("2026-12-01T18:00"). */
export function instantsOf(wall, zone) {
  const asUtc = Date.parse(`${wall}Z`);
  const offsets = new Set([-DAY_MS, DAY_MS].map((away) => offsetAt(asUtc + away, zone)));
  return [...offsets]
    .map((offset) => asUtc - offset)
    .filter((instant) => instant + offsetAt(instant, zone) === asUtc)
    .sort((a, b) => a - b);
}

/** Return the first instant after a wall time that the zone skips. */
export function firstAfterGap(wall, zone) {
  const asUtc = Date.parse(`${wall}Z`);
  const before = offsetAt(asUtc - DAY_MS, zone);
  let [low, high] = [asUtc - DAY_MS, asUtc + DAY_MS];
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2000) * 1000;
    if (offsetAt(middle, zone) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** Return ms that the zone's clocks are ahead of UTC at an instant. */
export function offsetAt(instant, zone) {
  const parts = Object.fromEntries(
    wallForm(zone).formatToParts(instant).map(({ type, value }) => [type, Number(value)]),
  );
  const { year, month, day, hour, minute, second } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
}

/** Return an offset as `+02:00`. */
export function offsetText(ms) {
  const minutes = Math.abs(ms) / 60_000;
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  return `${ms < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}

export function dateAndTime(instant, zone) {
  const form = { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(language, { ...form, hourCycle: "h23", timeZone: zone }).format(instant);
}

export function shortTime(instant, zone) {
  const form = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(language, { ...form, hourCycle: "h23", timeZone: zone }).format(instant);
}

/** Return a day and a time to the second: what waits for it would not be so a moment before. */
export function precise(instant) {
  const form = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" };
  return new Intl.DateTimeFormat(language, { ...form, hourCycle: "h23" }).format(instant);
}

export function clock(instant, zone) {
  const form = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  return new Intl.DateTimeFormat(language, { ...form, timeZone: zone }).format(instant);
}

/** Return an instant by the clock, and with its day where that is far. */
export const moment = (instant) => (Math.abs(instant - serverNow()) < FAR_MS ? clock(instant) : shortTime(instant));

/** Return the wall time of an instant as form fields want it. */
export function wallOf(instant, zone) {
  return new Date(instant + offsetAt(instant, zone)).toISOString().slice(0, 16);
}

/** Return the name of a day of the week, 1 is Monday. */
export function dayName(number, width = "long") {
  const form = new Intl.DateTimeFormat(language, { weekday: width, timeZone: "UTC" });
  return form.format(Date.UTC(2024, 0, number));
}

function wallForm(zone) {
  if (!wallForms.has(zone)) {
    const number = "numeric";
    wallForms.set(zone, new Intl.DateTimeFormat("en-US", {
      timeZone: zone, hourCycle: "h23", era: undefined,
      year: number, month: number, day: number, hour: number, minute: number, second: number,
    }));
  }
  return wallForms.get(zone);
}

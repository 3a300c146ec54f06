// Sizes and lengths as people read them.

import { language } from "./words.js";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** Return bytes in the unit that needs few digits: `84,5 MB`. */
export function bytes(count) {
  const step = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(count || 1) / 3)));
  const form = { style: "unit", unit: UNITS[step], unitDisplay: "short", maximumFractionDigits: step > 2 ? 2 : step > 1 ? 1 : 0 };
  return new Intl.NumberFormat(language, form).format(count / 1000 ** step);
}

/** Return seconds as `3:02`, or `1:03:02`. */
export function length(seconds) {
  const whole = Math.round(seconds);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`;
}

// When: now, at a date, or at the best time; what the clocks do is said before anything starts.

import { get, serverNow } from "./api.js";
import { byId, h, setText } from "./dom.js";
import { showHeat } from "./heat.js";
import { dateAndTime, firstAfterGap, instantsOf, isZone, offsetAt, offsetText, wallOf } from "./times.js";
import { language, t } from "./words.js";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
const MOST_DAYS = 14; // that the service looks ahead for the best time
let changed = () => {};
let about = { account: null, network: null, count: () => 0 };
let fold = null; // the instant chosen of two
let asked = "";

export function begin(count, onChange) {
  about.count = count;
  changed = onChange;
  for (const input of byId("when-panel").querySelectorAll("input, select")) {
    input.addEventListener(input.type === "radio" || input.tagName === "SELECT" ? "change" : "input", show);
  }
  byId("zones").append(...Intl.supportedValuesOf("timeZone").map((zone) => h("option", { value: zone })));
  const soon = wallOf(Math.ceil((serverNow() + 30 * MINUTE_MS) / (30 * MINUTE_MS)) * 30 * MINUTE_MS,
    Intl.DateTimeFormat().resolvedOptions().timeZone);
  byId("date").value = soon.slice(0, 10);
  byId("time").value = soon.slice(11);
  show();
}

/** Note whose clips they are; the brand's zone is the one that its people live in. */
export function isFor(account, network, zone) {
  if (account !== about.account && zone) byId("zone").value = zone;
  Object.assign(about, { account, network });
  show();
}

export const mode = () => byId("publish-form").elements.mode.value;

/** Return the `schedule` of the request, or null while something is missing. */
export function schedule() {
  if (mode() === "now") return { mode: "now" };
  const { problem, instant, wall, zone } = read();
  if (problem) return null;
  if (mode() === "bestTime") {
    return { mode: "bestTime", timezone: zone, distribution: byId("distribution").value,
      withinDays: Number(byId("within").value) };
  }
  const offset = fold === null ? "" : offsetText(offsetAt(instant, zone));
  return { mode: "scheduled", scheduledAt: `${wall}:00${offset}`, timezone: zone,
    intervalMinutes: Number(byId("interval").value) };
}

/** Show what the server objected to. */
export function object(words) {
  setText(byId("when-problem"), words);
}

/** Say again what follows from the fields. */
export function show() {
  const current = mode();
  for (const part of byId("when-panel").querySelectorAll("[data-mode]")) {
    part.hidden = !part.dataset.mode.split(" ").includes(current);
  }
  const said = current === "now" ? {} : read();
  showTwice(said.twice ?? [], said.zone);
  setText(byId("when-problem"), said.problem ?? "");
  byId("when-says").hidden = !said.says;
  setText(byId("when-says"), said.says ?? "");
  byId("heat").hidden = current !== "bestTime";
  if (current === "bestTime" && !said.problem) askHeat(said.zone);
  changed();
}

function read() {
  const zone = byId("zone").value.trim();
  if (!isZone(zone)) return { problem: t("when.badZone") };
  if (mode() === "bestTime") {
    return isWithin("within", 1, MOST_DAYS) ? { zone } : { zone, problem: t("when.within.bad") };
  }
  if (!byId("date").value || !byId("time").value) return { zone, problem: t("when.incomplete") };
  const wall = `${byId("date").value}T${byId("time").value}`;
  const found = instantsOf(wall, zone);
  if (!found.length) {
    const next = dateAndTime(firstAfterGap(wall, zone), zone);
    return { zone, problem: t("when.gap", { zone, next }) };
  }
  if (found.length > 1 && !found.includes(fold)) {
    return { zone, twice: found, problem: t("when.fold", { zone }) };
  }
  if (found.length === 1) fold = null;
  const instant = found.length > 1 ? fold : found[0];
  const problem = outOfBounds(instant);
  return { zone, wall, instant, twice: found.length > 1 ? found : [], problem, says: problem ? null : says(instant, zone) };
}

function outOfBounds(instant) {
  if (instant < serverNow()) return t("when.past");
  if (instant > serverNow() + YEAR_MS) return t("when.far");
  return isWithin("interval", 1, 1440) ? null : t("when.interval.bad");
}

function says(instant, zone) {
  const offset = `UTC${offsetText(offsetAt(instant, zone))}`;
  const utc = dateAndTime(instant, "UTC");
  const first = t("when.says", { local: dateAndTime(instant, zone), zone, offset, utc });
  const last = lastOf(instant, (about.count() - 1) * Number(byId("interval").value) * MINUTE_MS, zone);
  return about.count() > 1 ? first + t("when.lastAt", { local: dateAndTime(last, zone) }) : first;
}

/** Return so much later; after whole days the clocks of the zone show the same, unless they skip it. */
function lastOf(instant, span, zone) {
  const last = instant + span;
  if (Number(byId("interval").value) * MINUTE_MS % DAY_MS) return last;
  const turned = offsetAt(instant, zone) - offsetAt(last, zone);
  return offsetAt(last + turned, zone) === offsetAt(last, zone) ? last + turned : last;
}

function showTwice(found, zone) {
  const box = byId("twice");
  box.hidden = !found.length;
  const key = found.join();
  if (box.dataset.for === key) return;
  box.dataset.for = key;
  box.replaceChildren(...found.map((instant, place) => {
    const given = { offset: `UTC${offsetText(offsetAt(instant, zone))}`, utc: dateAndTime(instant, "UTC") };
    const choose = () => { fold = instant; show(); };
    return h("label", { class: "choice" },
      h("input", { type: "radio", name: "fold", value: instant, onchange: choose }),
      h("span", {}, t(place ? "when.second" : "when.first", given)));
  }));
}

async function askHeat(zone) {
  const { account, network } = about;
  const key = [account, network, zone, language].join();
  if (!account || asked === key) return;
  asked = key;
  const box = byId("heat");
  box.replaceChildren(h("p", { class: "quiet" }, t("loading")));
  try {
    const found = await get("/best-times", { accountId: account, network, timezone: zone });
    if (asked === key) showHeat(box, found, about.count());
  } catch (objection) {
    if (asked !== key) return;
    asked = "";
    box.replaceChildren(h("p", { class: "problem" }, t("heat.away", { why: objection.message })));
  }
}

function isWithin(id, least, most) {
  const number = Number(byId(id).value);
  return Number.isInteger(number) && number >= least && number <= most;
}

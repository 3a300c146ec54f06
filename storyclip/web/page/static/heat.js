// The week's heat map: a table that can be read, walked with the arrows, and needs no colour.

import { h } from "./dom.js";
import { dateAndTime, dayName, wallOf } from "./times.js";
import { t } from "./words.js";

const STEPS = 5; // shades

/** Show the map; the next best hours, one for each clip, are marked. */
export function showHeat(box, { timezone, days, next }, count) {
  const values = days.flatMap((day) => day.hours);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (!values.length || least === most) {
    box.replaceChildren(h("p", { class: "says" }, t("heat.none")));
    return;
  }
  const chosen = next.slice(0, Math.max(count, 1));
  const marks = new Set(chosen.map((slot) => markOf(slot.startsAt, timezone)));
  const shade = (value) => Math.min(STEPS - 1, Math.floor(((value - least) / (most - least)) * STEPS));
  const body = [...days].sort((a, b) => a.dayOfWeek - b.dayOfWeek).map((day) =>
    h("tr", {}, h("th", { scope: "row", "aria-label": dayName(day.dayOfWeek) }, dayName(day.dayOfWeek, "short")),
      day.hours.map((value, hour) => cell(day.dayOfWeek, hour, value, shade(value), marks))));
  const head = h("tr", {}, h("td", {}), Array.from({ length: 24 }, (_, hour) =>
    h("th", { scope: "col" }, hour % 3 ? h("span", { class: "unseen" }, String(hour)) : String(hour))));
  const table = h("table", { class: "heat", role: "grid", onkeydown: walk },
    h("caption", {}, t("heat.title", { zone: timezone }), h("span", { class: "unseen" }, ` ${t("heat.keys")}`)),
    h("thead", {}, head), h("tbody", {}, body));
  table.querySelector("td[data-shade]").tabIndex = 0;
  const slots = chosen.slice(0, 3).map((slot) => dateAndTime(Date.parse(slot.startsAt), timezone));
  box.replaceChildren(h("div", { class: "scroll" }, table), legend(),
    h("p", { class: "says" }, slots.length ? t("heat.next", { slots: slots.join("; ") }) : t("heat.none")));
}

function cell(day, hour, value, shade, marks) {
  const isChosen = marks.has(`${day}.${hour}`);
  const given = { day: dayName(day), hour: `${hour}:00`, value };
  return h("td", { "data-shade": shade, class: isChosen ? "chosen" : null, tabindex: "-1",
    "aria-label": t(isChosen ? "heat.cellChosen" : "heat.cell", given), title: t("heat.cell", given) },
  isChosen ? "★" : "");
}

function legend() {
  const shades = Array.from({ length: STEPS }, (_, shade) => h("i", { "data-shade": shade }));
  return h("p", { class: "legend", "aria-hidden": "true" },
    t("heat.less"), shades, t("heat.more"), h("b", {}, "★"), t("heat.chosen"));
}

function walk(key) {
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const step = steps[key.key];
  const here = key.target.closest("td[data-shade]");
  if (!step || !here) return;
  const there = here.closest("tbody").rows[here.parentElement.sectionRowIndex + step[0]]
    ?.cells[here.cellIndex + step[1]];
  if (!there?.dataset.shade) return;
  key.preventDefault();
  here.tabIndex = -1;
  there.tabIndex = 0;
  there.focus();
}

/** Return day of the week and hour that the zone's clocks show: `1.18` is Monday at six. */
function markOf(startsAt, zone) {
  const wall = new Date(`${wallOf(Date.parse(startsAt), zone)}Z`);
  return `${wall.getUTCDay() || 7}.${wall.getUTCHours()}`;
}

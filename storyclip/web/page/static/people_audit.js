// What was done and who was refused, the newest first.

import { ask, API } from "./api.js";
import { byId, h, lastAsked } from "./dom.js";
import { shortTime } from "./times.js";
import { t } from "./words.js";

const PER_PAGE = 50;
const asking = lastAsked();
let next = null;

export function begin(trying) {
  byId("audit-more").addEventListener("click", () => trying(more));
}

export async function show() {
  next = null;
  await more();
}

async function more() {
  const from = next, isLast = asking();
  const { answer, body } = await ask("GET", from ?? `${API}/admin/audit?limit=${PER_PAGE}`);
  if (!isLast()) return;
  if (!from) byId("audit-list").replaceChildren();
  byId("audit-list").append(...body.entries.map(line));
  next = /<([^>]+)>;\s*rel="next"/.exec(answer.headers.get("Link") ?? "")?.[1] ?? null;
  byId("audit-more").hidden = !next;
}

function line(act) {
  const isDone = act.outcome === "done";
  const outcome = t(`outcome.${act.outcome}`) + (act.times > 1 ? ` ×${act.times}` : "");
  return h("tr", { "data-refused": !isDone },
    h("td", {}, shortTime(Date.parse(act.at))),
    h("td", {}, act.user ?? "–", h("br"), h("span", { class: "quiet" }, [t(`via.${act.via}`), act.address].filter(Boolean).join(" · "))),
    h("td", { title: act.action }, h("b", {}, t(`act.${act.action}`)), " ", act.subject,
      act.detail ? ` (${act.detail})` : ""),
    h("td", {}, outcome));
}

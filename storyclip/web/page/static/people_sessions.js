// Who is signed in, since when, from where; each can be ended.

import { get, send } from "./api.js";
import { announce, byId, confirmed, h, lastAsked } from "./dom.js";
import { shortTime } from "./times.js";
import { t } from "./words.js";

const BROWSERS = [["Edg/", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]];
const SYSTEMS = [["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"], ["Mac OS", "macOS"], ["Linux", "Linux"]];
const asking = lastAsked();
let trying;

export function begin(tries) {
  trying = tries;
}

export async function show() {
  const isLast = asking();
  const { sessions } = await get("/admin/sessions");
  if (!isLast()) return;
  byId("sessions-list").replaceChildren(...sessions.map(line));
}

function line(one) {
  const when = (word, instant) => (instant ? t(word, { when: shortTime(Date.parse(instant)) }) : null);
  const said = [browserName(one.browser), one.address, one.entry && t(`entry.${one.entry}`),
    when("sessions.begun", one.begunAt), when("sessions.seen", one.seenAt)].filter(Boolean);
  return h("div", { class: "panel" }, h("div", { class: "row" },
    h("div", {}, h("b", {}, one.user), one.own ? ` · ${t("sessions.own")}` : "", h("br"),
      h("span", { class: "quiet small", title: one.browser }, said.join(" · "))),
    h("button", { type: "button", class: "danger-text", onclick: () => end(one) }, t("sessions.end"))));
}

async function end(one) {
  const text = t(one.own ? "sessions.endOwn" : "sessions.endSays");
  if (!await confirmed(t("sessions.endAsk", { user: one.user }), text, t("sessions.end"))) return;
  await trying(async () => {
    await send("DELETE", "/admin/sessions", { session: one.id });
    announce(t("sessions.ended"));
    await show();
  });
}

function browserName(said) {
  if (!said) return null;
  const first = (names) => names.find(([mark]) => said.includes(mark))?.[1];
  return [first(BROWSERS), first(SYSTEMS)].filter(Boolean).join(" · ") || said.slice(0, 40);
}

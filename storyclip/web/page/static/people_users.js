// People: who there is, what they may, on which accounts; and how they are let in.

import { get, post, send } from "./api.js";
import { announce, byId, confirmed, h, lastAsked } from "./dom.js";
import { accountNames, accountsField } from "./people_accounts.js";
import { showOnce } from "./shown_once.js";
import { shortTime } from "./times.js";
import { t } from "./words.js";

const ROLES = ["viewer", "publisher", "operator", "admin"];
const asking = lastAsked();
let trying;
let accounts;

export function begin(tries) {
  trying = tries;
  byId("invite").addEventListener("submit", (submit) => {
    submit.preventDefault();
    trying(invite);
  });
}

export async function show() {
  if (!accounts) {
    accounts = await accountsField([]);
    byId("invite-accounts").replaceChildren(accounts.element);
  }
  const isLast = asking();
  const { users } = await get("/admin/users");
  if (!isLast()) return;
  const open = new Set([...document.querySelectorAll(".person[open]")].map((one) => one.dataset.user));
  byId("users-list").replaceChildren(...users.map((user) => line(user, open.has(user.id))));
}

async function invite() {
  const body = {
    userId: byId("invite-id").value.trim(),
    name: byId("invite-name").value.trim(),
    role: byId("invite-role").value,
    ...accounts.said(),
  };
  const made = await post("/admin/users", {}, { body });
  byId("invite").reset();
  giveLink(made); // first: it is told once
  await show();
}

function giveLink({ user, link, expiresAt }) {
  const until = shortTime(Date.parse(expiresAt));
  showOnce("shown-once", t("people.link", { name: user.name, until }), link);
}

function line(user, isOpen) {
  const place = h("div", {});
  const details = h("details", {
    class: "panel past person",
    "data-user": user.id,
    ontoggle: () => { if (details.open && !place.childElementCount) trying(() => fill(place, user)); },
  }, h("summary", {},
    h("span", { class: "past-name" }, h("b", {}, user.name), user.name === user.id ? "" : ` · ${user.id}`),
    h("span", { class: "quiet small" }, accountNames(user.accounts)), state(user)),
  h("div", { class: "batch" }, place));
  details.open = isOpen;
  return details;
}

function state(user) {
  if (user.disabledAt) return h("span", { class: "chip", "data-state": "off" }, t("people.off"));
  if (user.invitedUntil && !user.hasPassword) {
    return h("span", { class: "chip", "data-state": "invited" }, t("people.invited"));
  }
  return h("span", { class: "chip", "data-role": user.role }, t(`role.${user.role}`));
}

async function fill(place, user) {
  const role = h("select", {}, ROLES.map((one) =>
    h("option", { value: one, selected: one === user.role }, t(`role.${one}`))));
  const field = await accountsField(user.accounts);
  const cancels = h("input", { type: "checkbox" });
  const changed = (body) => trying(async () => {
    const { kept, adminsLeft } = await send("PATCH", "/admin/users", { user: user.id }, body);
    announce(t("people.saved", { name: user.name }));
    await show();
    if (user.role === "admin" && adminsLeft < 2) {
      throw new Error(t(adminsLeft ? "people.oneAdmin" : "people.noAdmin"));
    }
    if (kept.length) throw new Error(t("people.kept", { count: kept.length }));
  });
  const button = (words, does, look = "") => h("button", { type: "button", class: look, onclick: does }, words);
  place.replaceChildren(
    h("p", { class: "quiet small" }, facts(user)),
    h("div", { class: "row" }, h("label", { class: "inline" }, t("people.role"), role),
      button(t("people.saveRole"), () => changed({ role: role.value }))),
    field.element,
    h("div", { class: "buttons" }, button(t("people.saveAccounts"), () => changed(field.said())),
      user.disabledAt ? "" : button(t("people.newLink"), () => trying(async () => {
        giveLink(await post("/admin/users/link", { user: user.id }));
      }))),
    user.disabledAt
      ? h("div", { class: "buttons" }, button(t("people.enable"), () => changed({ disabled: false })))
      : h("div", {}, h("label", { class: "check" }, cancels, t("people.cancels")),
        h("div", { class: "buttons" }, button(t("people.disable"), async () => {
          const text = t(cancels.checked ? "people.disableCancels" : "people.disableSays");
          if (await confirmed(t("people.disableAsk", { name: user.name }), text, t("people.disable"))) {
            await changed({ disabled: true, cancelBatches: cancels.checked });
          }
        }, "danger-text"))),
  );
}

function facts(user) {
  const said = [t(`role.${user.role}`), t(user.hasPassword ? "people.hasPassword" : "people.hasNone")];
  if (user.invitedUntil) {
    said.push(t("people.invitedUntil", { until: shortTime(Date.parse(user.invitedUntil)) }));
  }
  return said.join(" · ");
}

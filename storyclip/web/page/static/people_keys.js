// Keys: made and shown once, listed, revoked.

import { get, post, send } from "./api.js";
import { announce, byId, confirmed, h, lastAsked } from "./dom.js";
import { accountNames } from "./people_accounts.js";
import { showOnce } from "./shown_once.js";
import { shortTime } from "./times.js";
import { t } from "./words.js";

const asking = lastAsked();
let trying;

export function begin(tries) {
  trying = tries;
  byId("new-key").addEventListener("submit", (submit) => {
    submit.preventDefault();
    trying(make);
  });
  byId("keys-gone").addEventListener("change", () => trying(show));
}

export async function show() {
  const isLast = asking();
  const [{ keys }, { users }] = await Promise.all([get("/admin/keys"), get("/admin/users")]);
  if (!isLast()) return;
  const chosen = byId("key-user").value;
  byId("key-user").replaceChildren(...users.filter((user) => !user.disabledAt).map((user) =>
    h("option", { value: user.id, selected: user.id === chosen }, user.name)));
  const wanted = keys.filter((key) => byId("keys-gone").checked || !key.revokedAt).reverse();
  byId("keys-list").replaceChildren(...wanted.map(line));
}

async function make() {
  const days = byId("key-days").valueAsNumber;
  const body = {
    userId: byId("key-user").value,
    scopes: byId("key-scopes").value.split(" "),
    expiresInDays: Number.isNaN(days) ? null : days,
  };
  const { key, secret } = await post("/admin/keys", {}, { body });
  byId("new-key").reset();
  showOnce("key-once", t("keys.once", { user: key.user }), secret); // first: it is told once
  await show();
}

function line(key) {
  const when = (word, instant) => (instant ? ` · ${t(word, { when: shortTime(Date.parse(instant)) })}` : "");
  const cancels = h("input", { type: "checkbox" });
  return h("div", { class: "panel" }, h("div", { class: "row" },
    h("div", {}, h("b", {}, key.user), ` · ${key.id}`, h("br"),
      h("span", { class: "quiet small" }, key.scopes.map((one) => t(`scope.${one}`)).join(", "),
        key.accounts ? ` · ${accountNames(key.accounts)}` : "", when("keys.used", key.lastUsedAt),
        when("keys.expires", key.expiresAt), when("keys.gone", key.revokedAt))),
    key.revokedAt ? null : h("div", {}, h("label", { class: "check" }, cancels, t("keys.cancels")),
      h("div", { class: "buttons" },
        h("button", { type: "button", class: "danger-text", onclick: () => revoke(key, cancels) },
          t("keys.revoke"))))));
}

async function revoke(key, cancels) {
  const text = t(key.seeded ? "keys.revokeSeeded" : "keys.revokeSays");
  if (!await confirmed(t("keys.revokeAsk", { user: key.user, id: key.id }), text, t("keys.revoke"))) return;
  await trying(async () => {
    const { kept } = await send("DELETE", "/admin/keys", { key: key.id, cancelBatches: cancels.checked });
    announce(t("keys.revoked"));
    await show();
    if (kept.length) throw new Error(t("people.kept", { count: kept.length }));
  });
}

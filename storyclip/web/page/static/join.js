// Who was invited, or forgot theirs, sets a password. The link's token stands behind the `#`, which
// no browser sends: it is in no log and in nobody's list of addresses that were asked for.

import { ask } from "./api.js";
import { byId, setText } from "./dom.js";
import { t } from "./words.js";

const token = location.hash.slice(1);

function say(objection) {
  const isUsed = objection.status === 401 || (objection.status === 422 && !token);
  const reason = objection.errors[0] && objection.errors[0].pointer === "/password";
  setText(byId("join-problem"), isUsed ? t("join.used") : reason ? t("join.weak") : objection.message);
  if (isUsed) byId("join-fields").hidden = true;
}

async function begin() {
  try {
    const { body } = await ask("POST", "/session/invitation", { body: { token } });
    setText(byId("join-who"), t("join.who", { name: body.name }));
    byId("join-user").value = body.userId;
    byId("join-fields").hidden = false;
    byId("join-password").focus();
  } catch (objection) {
    say(objection);
  }
}

byId("join-show").addEventListener("change", (change) => {
  byId("join-password").type = change.target.checked ? "text" : "password";
});

byId("join").addEventListener("submit", async (submit) => {
  submit.preventDefault();
  const button = submit.target.querySelector("button");
  button.disabled = true;
  setText(byId("join-problem"), "");
  try {
    await ask("POST", "/session/join", { body: { token, password: byId("join-password").value } });
    location.assign("/");
  } catch (objection) {
    say(objection);
    button.disabled = false;
    byId("join-password").select();
  }
});

for (const link of document.querySelectorAll(".languages a")) {
  link.addEventListener("click", async (click) => { // the link itself would leave the token behind
    click.preventDefault();
    await fetch(link.href, { redirect: "manual" });
    location.reload();
  });
}

begin();

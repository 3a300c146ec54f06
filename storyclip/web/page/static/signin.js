// The door: a key for a session. The key stays in the field until then, and nowhere else.

import { ask } from "./api.js";
import { byId, setText } from "./dom.js";
import { t } from "./words.js";

byId("signin").addEventListener("submit", async (submit) => {
  submit.preventDefault();
  const button = submit.submitter ?? submit.target.querySelector("button");
  button.disabled = true;
  setText(byId("signin-problem"), "");
  try {
    await ask("POST", "/session", { body: { apiKey: byId("key").value.trim() } });
    location.reload();
  } catch (objection) {
    const isBad = objection.status === 401 || objection.status === 422;
    setText(byId("signin-problem"), isBad ? t("signin.bad") : objection.message);
    button.disabled = false;
    byId("key").select();
  }
});

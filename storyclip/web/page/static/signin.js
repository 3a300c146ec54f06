// The door: a password or a key for a session. Neither is kept anywhere else.

import { ask } from "./api.js";
import { byId, setText } from "./dom.js";
import { t } from "./words.js";

/** Come in with what a form says; `bad` are the words for what opens nothing. */
function door(form, secret, path, body, bad) {
  byId(form).addEventListener("submit", async (submit) => {
    submit.preventDefault();
    const button = submit.target.querySelector("button");
    button.disabled = true;
    setText(byId("signin-problem"), "");
    try {
      await ask("POST", path, { body: body() });
      location.reload();
    } catch (objection) {
      const isBad = objection.status === 401 || objection.status === 422;
      setText(byId("signin-problem"), isBad ? t(bad) : objection.message);
      button.disabled = false;
      byId(secret).select();
    }
  });
}

const text = (id) => byId(id).value.trim();

door("with-password", "password", "/session/password",
  () => ({ userId: text("user"), password: byId("password").value }), "signin.wrong");
door("with-key", "key", "/session", () => ({ apiKey: text("key") }), "signin.bad");

// Who came in by themselves changes their own password; their other sessions end with that.

import { ask } from "./api.js";
import { announce, byId, setText } from "./dom.js";
import { t } from "./words.js";

export function begin() {
  const dialog = byId("me");
  if (!dialog) return; // with a key: it has no password
  byId("me-open").addEventListener("click", () => dialog.showModal());
  byId("me-no").addEventListener("click", () => dialog.close());
  byId("me-form").addEventListener("submit", async (submit) => {
    submit.preventDefault();
    setText(byId("me-problem"), "");
    const body = { current: byId("me-current").value, password: byId("me-password").value };
    try {
      await ask("POST", "/session/new-password", { body });
      byId("me-form").reset();
      dialog.close();
      announce(t("me.saved"));
    } catch (objection) {
      setText(byId("me-problem"), words(objection));
    }
  });
}

function words(objection) {
  if (objection.status === 401) return t("me.wrong");
  return objection.status === 422 ? t("join.weak") : objection.message;
}

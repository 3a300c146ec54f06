// A secret that is shown once, to be copied.

import { byId, h, setText } from "./dom.js";
import { t } from "./words.js";

/** Show what is shown once, to be copied. */
export function showOnce(id, words, secret) {
  const place = byId(id);
  const field = h("input", { readonly: true, value: secret, "aria-label": words });
  const copied = h("span", { class: "quiet small", role: "status" });
  const copy = async () => {
    field.select();
    await navigator.clipboard?.writeText(secret).catch(() => {}); // it is selected: Ctrl-C does it
    setText(copied, t("people.copied"));
  };
  place.replaceChildren(h("p", {}, words),
    h("div", { class: "fields" }, field,
      h("button", { type: "button", onclick: copy }, t("people.copy")), copied));
  place.hidden = false;
  place.focus();
}

// Which accounts: some by their names, or every one, which has to be said aloud.

import { brandName, load } from "./brands.js";
import { h } from "./dom.js";
import { t } from "./words.js";

/** Return the element, and what it says as the API wants it. `chosen` null: every one. */
export async function accountsField(chosen) {
  const brands = await load().catch(() => []); // accounts by their numbers, where nobody answers
  const ids = [...new Set([...brands.map((one) => String(one.id)), ...(chosen ?? [])])];
  const all = h("input", { type: "checkbox", checked: chosen === null });
  const some = ids.map((id) => h("input",
    { type: "checkbox", value: id, checked: chosen?.includes(id) ?? false }));
  const list = h("div", { class: "accounts-some" }, some.map((input) =>
    h("label", { class: "check" }, input, brandName(input.value))));
  const look = () => { for (const input of some) input.disabled = all.checked; };
  all.addEventListener("change", look);
  look();
  const element = h("fieldset", { class: "accounts" }, h("legend", {}, t("people.accounts")),
    h("label", { class: "check" }, all, t("people.allAccounts")), list);
  const said = () => all.checked
    ? { allAccounts: true }
    : { accounts: some.filter((input) => input.checked).map((input) => input.value) };
  return { element, said };
}

/** Return accounts as people read them. */
export function accountNames(ids) {
  if (ids === null) return t("people.every");
  return ids.length ? ids.map(brandName).join(", ") : t("people.none");
}

// The brands: loaded once, named everywhere.

import { get } from "./api.js";
import { h } from "./dom.js";
import { t } from "./words.js";

let known = new Map();
let asking = null;

export function load() {
  asking ??= get("/brands").then(({ brands }) => {
    known = new Map(brands.map((brand) => [String(brand.id), brand]));
    return brands;
  }).catch((objection) => {
    asking = null;
    throw objection;
  });
  return asking;
}

export const brandName = (id) => known.get(String(id))?.label ?? t("batch.unknownBrand", { id });

export const networkName = (network) => ({ facebook: "Facebook", instagram: "Instagram" })[network] ?? network;

/** Return the brand's picture; its initials where the picture would be fetched from elsewhere. */
export function portrait(brand) {
  const picture = brand.picture ?? "";
  const isOurs = picture.startsWith("data:image/") || (picture.startsWith("/") && !picture.startsWith("//"));
  if (isOurs) return h("img", { class: "portrait", src: picture, alt: "", width: 40, height: 40 });
  const initials = brand.label.split(/\s+/).filter((word) => /^\p{Lu}/u.test(word)).map((word) => word[0]);
  const hue = [...brand.label].reduce((sum, sign) => sum + sign.codePointAt(0), 0) % 6;
  return h("span", { class: "portrait", "data-hue": hue, "aria-hidden": "true" },
    initials.slice(0, 2).join("") || brand.label.slice(0, 1).toUpperCase());
}

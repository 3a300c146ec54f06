// Stories that StoryClip does not know, because its database was put back: whose are they?

import { get, post } from "./api.js";
import { brandName } from "./brands.js";
import { byId, h, setText } from "./dom.js";
import { language, t } from "./words.js";

const mayAct = byId("main").dataset.mayPublish === "yes";

/** Ask which accounts wait for a word, and show a panel for each. */
export async function look() {
  const { held } = await get("/recover").catch(() => ({ held: [] })); // shown again with the next news
  byId("strangers").replaceChildren(...held.map(panel));
}

function panel(lane) {
  const said = h("p", { class: "said", role: "status" });
  const names = (isOurs) => lane.strangers.map((one) => one.name).filter((name) => choices.get(name)() === isOurs);
  const choices = new Map();
  const rows = lane.strangers.map((one) => row(one, choices));
  const tell = async () => {
    try {
      const { left } = await post("/recover", {}, {
        body: { accountId: lane.accountId, network: lane.network, ours: names(true), notOurs: names(false) },
      });
      if (left.length) setText(said, t("strangers.left", { n: left.length }));
      else await look();
    } catch (objection) {
      setText(said, objection.message);
    }
  };
  return h("section", { class: "banner column", role: "alert" },
    h("h2", {}, t("strangers.title", { brand: brandName(lane.accountId) })),
    h("p", {}, t("strangers.why")),
    h("ul", { }, rows),
    mayAct ? h("button", { type: "button", class: "primary", onclick: tell }, t("strangers.do")) : null,
    said);
}

function row(stranger, choices) {
  const { clip, fits } = stranger;
  const ours = h("input", { type: "checkbox", checked: fits, disabled: !mayAct });
  choices.set(stranger.name, () => ours.checked);
  const words = clip ? t("strangers.ours", { clip: clip.index, title: clip.title }) : t(fits ? "strangers.others" : "strangers.noClip");
  const where = stranger.publicUrl ?? stranger.media[0];
  return h("li", {},
    h("label", {}, ours, h("span", {}, dated(stranger), " · ", words)),
    where ? h("a", { href: where, target: "_blank", rel: "noreferrer noopener" }, t("strangers.see")) : null);
}

function dated({ scheduledAt, createdAt }) {
  const at = scheduledAt ?? createdAt;
  const format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  return at ? format.format(new Date(at)) : t("strangers.undated");
}

// Stories that StoryClip does not know, because its database was put back: whose are they?

import { get, post } from "./api.js";
import { brandName } from "./brands.js";
import { byId, h, lastAsked, setText } from "./dom.js";
import { language, t } from "./words.js";

const OURS = "ours", NOT_OURS = "notOurs"; // what else a story may be than one of the clips
const mayAct = byId("main").dataset.mayPublish === "yes";

const asking = lastAsked();
const picked = new Map(); // story → what somebody picked for it: a clip, or a word
let lanes = []; // that wait for a word
let tellCards = () => {};

/** Call back whenever other accounts wait for a word than before. */
export function begin(onHeld) {
  tellCards = onHeld;
}

/** Ask which accounts wait for a word, and show a panel for each. */
export async function look() {
  const isLast = asking();
  const answer = await get("/recover").catch(() => null); // asked again with the next news
  if (!answer || !isLast()) return;
  lanes = answer.held;
  byId("strangers").replaceChildren(...lanes.map(panel));
  tellCards();
}

/** Return whether nothing can be done with a batch before somebody has said whose some stories are. */
export function isHeld(batch) {
  return lanes.some((lane) => lane.accountId === batch.accountId && lane.network === batch.network);
}

/** Bring the question into view, and into the keyboard's reach. */
export function ask() {
  byId("strangers").scrollIntoView();
  byId("strangers").querySelector("select, button")?.focus({ preventScroll: true });
}

function panel(lane) {
  const said = h("p", { class: "said", role: "status" });
  const choices = new Map();
  const chosen = (word) => [...choices].filter(([, choice]) => choice.value === word).map(([name]) => name);
  const given = () => [...choices].flatMap(([name, choice]) => {
    const clip = lane.clips[choice.value];
    return clip ? [{ name, batchId: clip.batchId, clip: clip.index }] : [];
  });
  const rows = lane.strangers.map((one) => row(one, lane.clips, choices));
  const tell = async () => {
    try {
      const { left } = await post("/recover", {}, {
        body: { accountId: lane.accountId, network: lane.network, ours: chosen(OURS), given: given(), notOurs: chosen(NOT_OURS) },
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

function row(stranger, clips, choices) {
  const proposed = clips.findIndex((clip) => isSame(clip, stranger.clip));
  const choice = h("select", { disabled: !mayAct, onchange: () => picked.set(stranger.name, clips[choice.value] ?? choice.value) },
    clips.map((clip, n) => h("option", { value: n }, t("strangers.ours", { clip: clip.index, title: clip.title }))),
    proposed < 0 ? h("option", { value: OURS }, t(stranger.fits ? "strangers.others" : "strangers.noClip")) : null,
    h("option", { value: NOT_OURS }, t("strangers.notOurs")));
  const likely = proposed >= 0 ? proposed : stranger.fits ? OURS : NOT_OURS;
  const wish = picked.get(stranger.name);
  const place = clips.findIndex((clip) => isSame(clip, wish));
  choice.value = place >= 0 ? place : wish ?? likely;
  if (choice.selectedIndex < 0) choice.value = likely; // what was picked is no longer among them
  choices.set(stranger.name, choice);
  const where = stranger.publicUrl ?? stranger.media[0];
  return h("li", {},
    h("label", {}, h("span", {}, dated(stranger)), choice),
    where ? h("a", { href: where, target: "_blank", rel: "noreferrer noopener" }, t("strangers.see")) : null);
}

function isSame(clip, other) {
  return clip.batchId === other?.batchId && clip.index === other?.index;
}

function dated({ scheduledAt, createdAt }) {
  const at = scheduledAt ?? createdAt;
  const format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  return at ? format.format(new Date(at)) : t("strangers.undated");
}

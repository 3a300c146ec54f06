// One clip: its state in a word, a sign and a colour; its story, or what Metricool said instead.

import { serverNow } from "./api.js";
import { h, setText } from "./dom.js";
import { told } from "./error_words.js";
import { thumbOf } from "./thumbs.js";
import { moment } from "./times.js";
import { t } from "./words.js";

const SIGNS = { pending: "○", uploading: "↑", verifying: "?", unconfirmed: "!", waiting_confirmation: "…",
  published: "✓", failed: "✕", cancelled: "–" };

/** Return how a clip looks: its status, or `unconfirmed`, which is no failure that we know of. */
export function look(clip) {
  return clip.status === "failed" && clip.retrySafety === "check_first" ? "unconfirmed" : clip.status;
}

export const clipName = (clip) => clip.title || t("clip.name", { n: clip.index });

/** Return what the clip waits for, in words; empty when for nothing. */
export function waiting(clip, totalS) {
  if (clip.status === "uploading") return t("clip.sends");
  if (clip.status === "verifying") return t("clip.verifies");
  if (clip.status !== "waiting_confirmation") return "";
  const planned = Date.parse(clip.scheduledAt ?? "") || serverNow();
  const elapsed = (serverNow() - planned) / 1000;
  if (elapsed < 0) return t("clip.goesAt", { when: moment(planned) });
  return t("clip.waits", { elapsed: Math.floor(Math.min(elapsed, totalS)), total: Math.round(totalS) });
}

/** Return a row with `element` and `show(clip)`; `action` makes the button for a failed clip. */
export function clipRow(action) {
  const chip = h("span", { class: "chip" });
  const name = h("span", { class: "name" });
  const more = h("div", { class: "more" });
  const element = h("li", {}, chip, h("div", { class: "clip-text" }, name, more));

  const part = h("span", { class: "quiet" });
  const onPart = (n, total) => setText(part, ` · ${t("preview.part", { n, total })}`);
  const called = h("span", {});
  name.append(called, part);
  let thumb = null;

  function show(clip) {
    const shown = look(clip);
    if (!thumb && (thumb = thumbOf(clip, onPart))) chip.after(thumb);
    element.dataset.look = shown;
    chip.dataset.look = shown;
    chip.replaceChildren(h("span", { "aria-hidden": "true" }, SIGNS[shown]), ` ${t(`clip.${shown}`)}`);
    setText(called, `${clip.index}. ${clipName(clip)}`);
    const had = more.contains(document.activeElement);
    more.replaceChildren(...facts(clip).filter(Boolean));
    const button = action(clip);
    if (button) more.append(button);
    if (had) more.querySelector("a, button")?.focus();
  }

  return { element, show };
}

function facts(clip) {
  const at = clip.publishedAt ? Date.parse(clip.publishedAt) : null;
  const isAhead = clip.status === "pending" && clip.scheduledAt;
  return [
    at ? h("span", { class: "quiet" }, t("clip.at", { when: moment(at) })) : null,
    isAhead ? h("span", { class: "quiet" }, t("clip.goesAt", { when: moment(Date.parse(clip.scheduledAt)) })) : null,
    isLink(clip.publicUrl) ? h("a", { href: clip.publicUrl, target: "_blank", rel: "noopener noreferrer",
      "aria-label": t("clip.openNamed", { name: clipName(clip) }) }, t("clip.open")) : null,
    clip.error && clip.status !== "published" ? h("span", { class: "error" }, told(clip)) : null,
    clip.status === "failed" && clip.retrySafety === "never" ? h("span", { class: "quiet" }, t("clip.never")) : null,
  ];
}

/** Upstream's word is no reason to put `javascript:` under a person's finger. */
const isLink = (url) => /^https?:\/\//i.test(url ?? "");

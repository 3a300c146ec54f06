// One batch as a person looks at it: how far, what it waits for, each clip, what can be done.

import { actionButton, batchActions, clipAction } from "./actions.js";
import { brandName, networkName } from "./brands.js";
import { clipName, clipRow, look, waiting } from "./clip_row.js";
import { h, setText } from "./dom.js";
import { told } from "./error_words.js";
import { shortTime } from "./times.js";
import { t } from "./words.js";

const FEW = 12; // clips that are shown without being asked for

/** Return a card with `element`, `show(batch)` and `tick()`. */
export function card() {
  let batch = null;
  let shownActions = "";
  const title = h("h2", {});
  const about = h("p", { class: "quiet small" });
  const status = h("span", { class: "chip" });
  const bar = h("div", { class: "bar", role: "progressbar", "aria-valuemin": "0" });
  const counts = h("p", { class: "counts" });
  const wait = h("p", { class: "wait" });
  const error = h("p", { class: "problem", role: "alert" });
  const buttons = h("div", { class: "buttons" });
  const said = h("p", { class: "problem", role: "alert" });
  const summary = h("summary", {});
  const list = h("ol", { class: "clips" });
  const details = h("details", {}, summary, list);
  const element = h("article", { class: "panel batch" },
    h("header", {}, h("div", {}, title, about), status), bar, h("div", { class: "facts" }, counts, wait),
    error, buttons, said, details);
  const rows = [];

  function show(next) {
    const isFirst = batch === null;
    const before = batch;
    batch = next;
    const brand = brandName(batch.accountId);
    setText(title, `${brand} · ${networkName(batch.network)}`);
    element.setAttribute("aria-label", `${brand}, ${networkName(batch.network)}`);
    element.dataset.batch = batch.batchId;
    const created = t("batch.started", { when: shortTime(Date.parse(batch.createdAt)) });
    setText(about, [created, ...planned(batch.schedule)].join(" · "));
    setText(status, t(`batch.${batch.status}`));
    status.dataset.status = batch.status;
    showCounts();
    batch.clips.forEach((clip, place) => {
      if (isFirst) {
        rows.push(clipRow((found) => clipAction(batch, found, said)));
        bar.append(h("i", { "aria-hidden": "true" }));
      }
      if (before?.clips[place] !== clip) {
        rows[place].show(clip);
        bar.children[place].dataset.look = look(clip);
      }
    });
    if (isFirst) {
      list.append(...rows.map((row) => row.element));
      setText(summary, t("batch.clips", { n: batch.clips.length }));
      details.open = batch.clips.length <= FEW;
      bar.classList.toggle("many", batch.clips.length > 40);
    }
    showActions();
    tick();
  }

  function showCounts() {
    const { total, published, failed, unconfirmed, cancelled } = batch.posts;
    const done = published + failed + cancelled;
    bar.setAttribute("aria-valuemax", total);
    bar.setAttribute("aria-valuenow", done);
    bar.setAttribute("aria-label", t("batch.progress", { done, total }));
    setText(counts, [
      t("batch.counts", { published, total }),
      failed > unconfirmed ? t("batch.failedCount", { n: failed - unconfirmed }) : "",
      unconfirmed ? t("batch.unconfirmedCount", { n: unconfirmed }) : "",
      cancelled ? t("batch.cancelledCount", { n: cancelled }) : "",
    ].filter(Boolean).join(" · "));
    setText(error, batch.phase === "blocked" && batch.error ? told(batch) : "");
  }

  function showActions() {
    const names = batchActions(batch);
    if (names.join() === shownActions) return; // a button stays under the finger that presses it
    shownActions = names.join();
    const had = buttons.contains(document.activeElement);
    buttons.replaceChildren(...names.map((name) => actionButton(name, () => batch, said)));
    if (had) buttons.querySelector("button")?.focus();
  }

  /** Say how long the current clip has waited by now. */
  function tick() {
    const isRunning = batch.status === "processing" || batch.status === "paused";
    const current = batch.clips.find((clip) =>
      ["uploading", "verifying", "waiting_confirmation"].includes(clip.status));
    const words = current && isRunning ? waiting(current, batch.waitProgress.total) : "";
    setText(wait, words ? `${clipName(current)}: ${words}` : "");
  }

  return { element, show, tick };
}

/** Return what is to be said of a batch that has dates of its own: when, and which rule chose it. */
function planned({ scheduledAt, timezone, rule }) {
  if (!scheduledAt) return [];
  const zone = timezone ?? "UTC";
  const when = t("batch.planned", { when: shortTime(Date.parse(scheduledAt), zone), zone });
  return rule ? [when, t(`rule.${rule}`)] : [when];
}

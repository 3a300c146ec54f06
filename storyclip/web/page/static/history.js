// What was: all batches, newest first, page by page.

import { batchesPage } from "./api.js";
import { card } from "./batch_card.js";
import { refresh } from "./batches.js";
import { brandName, networkName } from "./brands.js";
import { byId, h, lastAsked, setText } from "./dom.js";
import { shortTime } from "./times.js";
import { t } from "./words.js";

const PER_PAGE = 10;
let cursors = [""]; // of the pages up to this one
let next = null;
const asking = lastAsked();
const lines = new Map(); // batch → what changes in its line
const open = new Map(); // batch → its card

export function begin() {
  byId("history-status").addEventListener("change", () => { cursors = [""]; show(); });
  byId("history-older").addEventListener("click", () => { cursors.push(next); show(); });
  byId("history-newer").addEventListener("click", () => { cursors.pop(); show(); });
}

/** Show what changed of a batch that is on this page. */
export function changed(batch) {
  lines.get(batch.batchId)?.(batch.status, batch.posts);
  open.get(batch.batchId)?.show(batch);
}

export function tick() {
  for (const one of open.values()) one.tick();
}

export async function show() {
  const list = byId("history-list");
  const status = byId("history-status").value;
  const isLast = asking();
  list.setAttribute("aria-busy", "true");
  try {
    const page = await batchesPage({ limit: PER_PAGE, status, cursor: cursors.at(-1) });
    if (!isLast()) return;
    const unfolded = new Set([...list.querySelectorAll("details[open]")].map((one) => one.dataset.batch));
    next = page.cursor;
    open.clear();
    lines.clear();
    list.replaceChildren(...page.batches.map((summary) => line(summary, unfolded.has(summary.batchId))));
    if (!page.batches.length) {
      list.append(h("p", { class: "empty" }, t(status ? "history.emptyFilter" : "history.empty")));
    }
  } catch (objection) {
    if (!isLast()) return;
    list.replaceChildren(h("p", { class: "problem", role: "alert" }, objection.message),
      h("button", { type: "button", onclick: show }, t("again")));
  }
  list.removeAttribute("aria-busy");
  byId("history-older").disabled = !next;
  byId("history-newer").disabled = cursors.length < 2;
}

function line(summary, isOpen) {
  const place = h("div", {});
  const counts = h("span", { class: "small" });
  const chip = h("span", { class: "chip" });
  const details = h("details", { class: "panel past", "data-batch": summary.batchId, open: isOpen, ontoggle: () => unfold(details, summary, place) },
    h("summary", {},
      h("span", { class: "past-name" }, h("b", {}, brandName(summary.accountId)), ` · ${networkName(summary.network)}`),
      h("span", { class: "quiet small" }, shortTime(Date.parse(summary.createdAt))), counts, chip),
    place);
  const show = (status, { published, total }) => {
    setText(counts, t("batch.counts", { published, total }));
    setText(chip, t(`batch.${status}`));
    chip.dataset.status = status;
  };
  show(summary.status, summary);
  lines.set(summary.batchId, show);
  return details;
}

async function unfold(details, summary, place) {
  if (!details.open) {
    open.delete(summary.batchId);
    place.replaceChildren();
    return;
  }
  place.replaceChildren(h("p", { class: "quiet" }, t("loading")));
  try {
    const batch = await refresh(summary.batchId);
    const one = card();
    one.show(batch);
    open.set(summary.batchId, one);
    place.replaceChildren(one.element);
  } catch (objection) {
    place.replaceChildren(h("p", { class: "problem", role: "alert" }, objection.message));
  }
}

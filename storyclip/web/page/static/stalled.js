// The banner: something was due, and nothing moved.

import { serverNow } from "./api.js";
import { brandName } from "./brands.js";
import { clipName } from "./clip_row.js";
import { refresh } from "./batches.js";
import { byId, h } from "./dom.js";
import { t } from "./words.js";

const PATIENCE_MS = 60_000; // a minute is upstream's step; the clock recovers within seconds
const SENDING_MS = 120_000; // one call's deadline and the file's copy before it
const SETTLING_MS = 300_000; // what has to pass before a lost answer is asked for again

let shown = "";

/** Show a banner for each batch that stands still, and take away those of the others. */
export function show(batches) {
  const found = batches.map((batch) => ({ batch, clip: overdue(batch, batches) })).filter(({ clip }) => clip);
  const key = found.map(({ batch, clip }) => `${batch.batchId}.${clip.index}.${minutes(batch)}`).join();
  if (key === shown) return;
  shown = key;
  byId("banners").replaceChildren(...found.map(({ batch, clip }) => banner(batch, clip)));
}

/** Return the clip that should have moved by now, undefined when all is as it should be. */
export function overdue(batch, all) {
  if (batch.status !== "processing") return undefined;
  const clip = batch.clips.find((one) => !["published", "failed", "cancelled"].includes(one.status));
  if (!clip) return undefined;
  const planned = Date.parse(clip.scheduledAt ?? "") || 0;
  const since = Math.max(Date.parse(batch.movedAt), planned);
  const patience = {
    pending: PATIENCE_MS,
    uploading: SENDING_MS,
    verifying: SETTLING_MS,
    waiting_confirmation: batch.waitProgress.total * 1000 + PATIENCE_MS,
  }[clip.status];
  const isInLine = clip.status === "pending" && all.some((other) => other !== batch
    && other.accountId === batch.accountId && other.network === batch.network
    && other.createdAt < batch.createdAt);
  return !isInLine && serverNow() - since > patience ? clip : undefined;
}

function banner(batch, clip) {
  const words = t("stalled", { brand: brandName(batch.accountId), name: clipName(clip), minutes: minutes(batch) });
  const more = h("span", {});
  const look = h("button", { type: "button", onclick: async () => {
    more.textContent = "";
    more.textContent = await whatIsDown();
    await refresh(batch.batchId).catch((objection) => { more.textContent = objection.message; });
  } }, t("stalled.look"));
  return h("div", { class: "banner", role: "alert" }, h("p", {}, words, " ", more), look);
}

const minutes = (batch) => Math.max(1, Math.floor((serverNow() - Date.parse(batch.movedAt)) / 60_000));

async function whatIsDown() {
  try {
    const { checks = {} } = await (await fetch("/readyz")).json();
    const down = Object.keys(checks).filter((part) => checks[part] === "down");
    return down.length ? t("stalled.down", { parts: down.join(", ") }) : "";
  } catch {
    return t("problem.offline");
  }
}

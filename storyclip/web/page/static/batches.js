// All batches that the page knows, kept true by one stream.
//
// An event is put onto what is known when it is the very next one; whatever else happens, the
// batch is read anew. So a picture is either the server's or one event behind it, never a guess.

import { get } from "./api.js";
import { watch } from "./progress.js";

export const RUNNING = ["processing", "paused"];
const batches = new Map(); // id → status, as the API shows it
const reading = new Map();
let told = () => {};

export const known = (batchId) => batches.get(batchId);
export const running = () =>
  [...batches.values()].filter((batch) => RUNNING.includes(batch.status)).sort(byAge);
const byAge = (a, b) => a.createdAt.localeCompare(b.createdAt);

/** Begin to watch; `onChange(batch, event)` gets every change, `onState` how the line is. */
export function begin(onChange, onState) {
  told = onChange;
  return watch({ onSnapshot, onEvent, onState });
}

/** Read one batch whole. */
export function refresh(batchId) {
  if (!reading.has(batchId)) {
    const asked = get("/status", { batchId })
      .then((status) => keep(status))
      .finally(() => reading.delete(batchId));
    reading.set(batchId, asked);
  }
  return reading.get(batchId);
}

/** Take in a summary that an action answered with. */
export async function acted(summary) {
  const batch = batches.get(summary.batchId);
  if (!batch || summary.lastSeq !== batch.lastSeq) return refresh(summary.batchId);
  return keep({ ...batch, status: summary.status, phase: summary.phase, error: summary.error,
    errorFacts: summary.errorFacts });
}

function onSnapshot({ batches: active }) {
  const there = new Set(active.map((summary) => summary.batchId));
  for (const summary of active) {
    if (batches.get(summary.batchId)?.lastSeq !== summary.lastSeq) reread(summary.batchId);
  }
  for (const batch of running()) if (!there.has(batch.batchId)) reread(batch.batchId);
}

function onEvent(event) {
  const batch = batches.get(event.batchId);
  if (batch && event.seq <= batch.lastSeq) return;
  if (!batch || event.seq > batch.lastSeq + 1) {
    reread(event.batchId);
    return;
  }
  const clips = batch.clips.slice();
  if (event.clip) clips[event.clip.index - 1] = event.clip;
  keep({ ...batch, clips, status: event.status, currentIndex: event.current, lastSeq: event.seq,
    movedAt: event.timestamp, posts: counted(clips), ...whyOf(event.clip?.error ? event.clip : batch) }, event);
}

const whyOf = ({ error, errorFacts }) => ({ error, errorFacts });

function counted(clips) {
  const count = (holds) => clips.filter(holds).length;
  return {
    total: clips.length,
    published: count((clip) => clip.status === "published"),
    failed: count((clip) => clip.status === "failed"),
    unconfirmed: count((clip) => clip.status === "failed" && clip.retrySafety === "check_first"),
    cancelled: count((clip) => clip.status === "cancelled"),
  };
}

/** Read again what the line cannot tell; a batch that cannot be read now comes with the next event. */
function reread(batchId) {
  refresh(batchId).catch((objection) => {
    if (objection.status === 0 || objection.status >= 500 || objection.status === 429) {
      setTimeout(() => reread(batchId), 2000);
    }
  });
}

function keep(status, event = null) {
  const before = batches.get(status.batchId);
  if (before && status.lastSeq < before.lastSeq) {
    reread(status.batchId); // it was on its way while an event overtook it
    return before;
  }
  batches.set(status.batchId, { movedAt: before?.movedAt ?? status.startedAt ?? status.createdAt, ...status });
  told(batches.get(status.batchId), event);
  return batches.get(status.batchId);
}

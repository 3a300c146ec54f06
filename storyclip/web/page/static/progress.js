// Watch StoryClip batches live. One file, no dependencies: copy it into any front end.
//
//   import { watch, ticketFrom } from "./progress.js";
//   const watching = watch({
//     batchId: "…",                       // leave it out for all of the caller's batches
//     onSnapshot: (status) => {},         // the whole state, at every connection
//     onEvent: (event) => {},             // each event of a batch once: seq 1, 2, 3 … no gap
//     onState: (state, reason) => {},     // connecting, live, reconnecting, ended or refused
//     // From another origin, one of STORYCLIP_CORS_ORIGINS:
//     url: "https://storyclip.example.com",
//     ticket: async () => (await fetch("/my-backend/ticket")).text(),
//   });
//   watching.cursor;                      // give it as `after` to go on there another day
//   watching.stop();
//
// The browser's own EventSource gives up after any answer but 200, and shows its first ticket for
// ever. Here every connection is a new one, with a new ticket, after the last event handed over.

const FIRST_MS = 500;
const LONGEST_MS = 30_000;
const PASSING = [408, 425, 429]; // besides 5xx: ask again later

/** What asking again does not help against; a `ticket` callback may throw it, too. */
export class Refused extends Error {}

/** Return a ticket for a key. A key in a page is everybody's who sees it: prefer your backend. */
export async function ticketFrom(url, key) {
  const headers = { "X-Api-Key": key };
  const answer = await fetch(`${url}/api/metricool/stream-ticket`, { method: "POST", headers });
  if (!answer.ok) throw await objection(answer);
  return (await answer.json()).ticket;
}

export function watch({ url = "", batchId, after = "", ticket, onSnapshot, onEvent, onState }) {
  const seen = new Map(); // batch → seq of the last event that was handed over
  let cursor = after;
  let state = "";
  let attempts = 0;
  let source = null;
  let timer = 0;
  let turn = 0; // what an earlier connection still has to say is nobody's business

  function become(next, reason = "") {
    if (next === state) return;
    state = next;
    onState?.(next, reason);
  }

  async function address() {
    const query = new URLSearchParams();
    if (batchId !== undefined) query.set("batchId", batchId);
    if (cursor) query.set("after", cursor);
    if (ticket) query.set("ticket", await ticket());
    return `${url}/api/metricool/stream?${query}`;
  }

  async function connect() {
    hangUp();
    const mine = turn;
    try {
      const there = await address();
      if (mine !== turn) return;
      source = new EventSource(there);
    } catch (problem) {
      if (mine === turn) later(problem);
      return;
    }
    source.addEventListener("snapshot", (message) => {
      attempts = 0;
      become("live");
      onSnapshot?.(JSON.parse(message.data));
    });
    source.addEventListener("message", hear);
    source.addEventListener("end", () => finish("ended"));
    source.addEventListener("error", () => broken(source.readyState === EventSource.CLOSED));
  }

  function hear(message) {
    const event = JSON.parse(message.data);
    const last = seen.get(event.batchId);
    if (last !== undefined && event.seq <= last) return;
    if (last !== undefined && event.seq > last + 1) {
      later(new Error(`event ${last + 1} is missing`));
      return;
    }
    seen.set(event.batchId, event.seq);
    cursor = message.lastEventId;
    onEvent?.(event);
  }

  /** An EventSource does not tell which answer it got: ask once more, and look. */
  async function broken(wasAnswered) {
    hangUp();
    const mine = turn;
    let problem = new Error("the connection broke");
    if (wasAnswered) {
      const asking = new AbortController();
      try {
        const answer = await fetch(await address(), { signal: asking.signal });
        if (!answer.ok) problem = await objection(answer);
      } catch (failure) {
        problem = failure;
      } finally {
        asking.abort(); // it may have been a stream after all
      }
    }
    if (mine === turn) later(problem);
  }

  function later(problem) {
    hangUp();
    if (problem instanceof Refused) {
      finish("refused", problem.message);
      return;
    }
    const step = Math.min(FIRST_MS * 2 ** attempts, LONGEST_MS);
    attempts += 1;
    timer = setTimeout(connect, step * (0.5 + Math.random() / 2));
    become("reconnecting", problem.message);
  }

  function hangUp() {
    turn += 1;
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  function stop() {
    hangUp();
    globalThis.removeEventListener("online", connect);
  }

  function finish(last, reason) {
    stop();
    become(last, reason);
  }

  globalThis.addEventListener("online", connect); // a line of before may be dead without a word
  become("connecting");
  connect();
  return { stop, get cursor() { return cursor; } };
}

async function objection(answer) {
  const problem = await answer.json().catch(() => ({}));
  const words = problem.title ?? `${answer.status} ${answer.statusText}`;
  const isPassing = answer.status >= 500 || PASSING.includes(answer.status);
  return isPassing ? new Error(words) : new Refused(words);
}

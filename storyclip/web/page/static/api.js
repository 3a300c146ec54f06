// The API as its first client calls it.

import { language, t } from "./words.js";

export const API = "/api/metricool";

/** What the service objected to; `problem` is its problem+json. `status` 0: no answer came. */
export class Objection extends Error {
  constructor(status, problem) {
    super(problem.detail && status !== 401 ? `${problem.title}. ${problem.detail}` : problem.title);
    this.status = status;
    this.code = problem.code ?? "";
    this.detail = problem.detail ?? problem.title;
    this.errors = problem.errors ?? [];
    this.facts = problem; // what else it says, as numbers
  }
}

let ahead = 0; // ms that the server's clock is ahead of this one

// What the trouble is, in the reader's language.
const WORDS = {
  in_doubt: "problem.inDoubt",
  own_rights: "problem.ownRights",
  too_many_running: "problem.tooManyRunning",
  upstream_denied: "problem.upstreamDenied",
  upstream_busy: "problem.upstreamAway",
  upstream_budget: "problem.upstreamBudget",
  upstream_unreachable: "problem.upstreamAway",
  upstream_failed: "problem.upstreamFailed",
  user_exists: "problem.userExists",
};

/** Return the server's time, as well as this clock knows it. */
export const serverNow = () => Date.now() + ahead;

export async function ask(method, path, { body, headers = {} } = {}) {
  const given = { method, headers: { Accept: "application/json", "Accept-Language": language, ...headers } };
  if (body !== undefined) {
    given.headers["Content-Type"] = "application/json";
    given.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, given);
  } catch {
    throw objectionFrom(0);
  }
  noteClock(answer);
  if (answer.ok) return { answer, body: answer.status === 204 ? null : await answer.json() };
  if (answer.status === 401 && !path.startsWith("/session")) location.reload(); // to the door
  throw objectionFrom(answer.status, answer.statusText, await answer.text().catch(() => ""));
}

/** Return what an answer objects to; `body` is its problem+json, or anything else that came. */
export function objectionFrom(status, statusText, body) {
  if (status === 0) return new Objection(0, { title: t("problem.offline") });
  const problem = problemIn(body);
  const words = WORDS[problem.code];
  if (words) Object.assign(problem, { title: t(words, problem), detail: undefined });
  return new Objection(status, { title: `${status} ${statusText}`, ...problem });
}

function problemIn(body) {
  try {
    return { ...JSON.parse(body) };
  } catch {
    return {}; // of a proxy on the way, say
  }
}

export const get = async (path, query = {}) => (await ask("GET", address(path, query))).body;
export const post = async (path, query = {}, rest = {}) =>
  (await ask("POST", address(path, query), rest)).body;

export const send = async (method, path, query, body) =>
  (await ask(method, address(path, query), { body })).body;

/** Return one page of batches and the cursor of the next, null on the last. */
export async function batchesPage(query) {
  const { answer, body } = await ask("GET", address("/batches", query));
  const next = /<([^>]+)>;\s*rel="next"/.exec(answer.headers.get("Link") ?? "");
  const cursor = next && new URL(next[1], location.href).searchParams.get("cursor");
  return { batches: body.batches, cursor };
}

function address(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value != null);
  const text = new URLSearchParams(given).toString();
  return text ? `${API}${path}?${text}` : `${API}${path}`;
}

function noteClock(answer) {
  const there = Date.parse(answer.headers.get("Date") ?? "");
  // The header has whole seconds: only a real difference counts.
  if (there && Math.abs(there - Date.now()) > 2000) ahead = there - Date.now();
}

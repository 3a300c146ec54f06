// Clips before they are sent: read from text and files, and checked one by one. No page in here.

import { t } from "./words.js";

export const MAX_CLIPS = 100;
const MAX_URL = 2048;
const MAX_TITLE = 300;
const PRIVATE_NAMES = /(^|\.)(localhost|localdomain|local|internal|home\.arpa|lan|intranet)$/;
// A browser spells every IPv4 address as four decimal numbers. The server's own table is longer.
const PRIVATE_V4 = /^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])|22[4-9]|2[3-5]\d)\./;

/** Return the clips that a pasted text or a file's text describes. */
export function clipsFrom(text) {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  if (trimmed.startsWith("[") || trimmed.startsWith("{")) return fromJson(JSON.parse(trimmed));
  const rows = rowsOf(trimmed);
  const head = rows[0]?.map((cell) => cell.toLowerCase().trim()) ?? [];
  const urlAt = head.findIndex((cell) => ["url", "clip", "clip_url", "video", "enlace"].includes(cell));
  if (urlAt < 0) return rows.map(fromRow).filter((clip) => clip.url);
  const titleAt = head.findIndex((cell) => ["title", "text", "titulo", "título", "texto"].includes(cell));
  return rows.slice(1)
    .map((row) => ({ url: (row[urlAt] ?? "").trim(), title: (row[titleAt] ?? "").trim() }))
    .filter((clip) => clip.url);
}

/** Return, for each clip, its problems: `{text, isFatal}`. */
export function problemsOf(clips) {
  const first = new Map();
  return clips.map((clip, place) => {
    const found = [];
    const objection = clip.upload ? null : objectionTo(clip.url);
    if (objection) found.push({ text: t(objection), isFatal: true });
    if ([...clip.title].length > MAX_TITLE) {
      found.push({ text: t("check.title", { n: [...clip.title].length }), isFatal: true });
    }
    if (clip.url && first.has(clip.url)) {
      found.push({ text: t("check.twice", { n: first.get(clip.url) + 1 }), isFatal: false });
    } else if (clip.url) first.set(clip.url, place);
    return found;
  });
}

/** Return a file's name as a title: for people, without its ending. */
export const titleFrom = (name) => [...name.replace(/\.[^.]{1,5}$/, "")].slice(0, MAX_TITLE).join("");

function objectionTo(url) {
  if (!url) return "check.empty";
  if (url.length > MAX_URL) return "check.long";
  if (!/^[!-~]+$/.test(url) || url.includes("\\")) return "check.ascii";
  if (!/^https:\/\//i.test(url)) return "check.notHttps";
  if (!URL.canParse(url)) return "check.notUrl";
  const { hostname, username, password } = new URL(url);
  if (username || password) return "check.userinfo";
  const isNumber = /^[\d.]+$/.test(hostname);
  if (isNumber ? PRIVATE_V4.test(hostname) : !hostname.startsWith("[") && !hostname.includes(".")) {
    return "check.private";
  }
  return PRIVATE_NAMES.test(hostname) ? "check.private" : null;
}

function fromJson(said) {
  const list = Array.isArray(said) ? said : said.posts ?? said.clips;
  if (!Array.isArray(list)) throw new SyntaxError('[{"url", "title"}] ?');
  return list
    .map((one) => (typeof one === "string" ? { url: one } : one ?? {}))
    .map((one) => ({ url: String(one.url ?? "").trim(), title: String(one.text ?? one.title ?? "") }))
    .filter((clip) => clip.url);
}

function fromRow(cells) {
  const at = cells.findIndex((cell) => /^\s*https?:\/\//i.test(cell));
  if (at < 0) return { url: cells.join(" ").trim(), title: "" };
  const [url, ...rest] = cells[at].trim().split(/\s+/);
  const others = cells.filter((cell, place) => place !== at).map((cell) => cell.trim());
  return { url, title: [...rest, ...others].filter(Boolean).join(" ") };
}

/** Cut a text into rows and cells, as RFC 4180 quotes them; `;` and tab are separators, too. */
function rowsOf(text) {
  const rows = [[""]];
  let isQuoted = false;
  const line = text.split(/\r?\n/, 1)[0];
  const separator = ["\t", ";", ","].find((sign) => line.replace(/https?:\S+/g, "").includes(sign)) ?? "\t";
  for (let place = 0; place < text.length; place += 1) {
    const sign = text[place];
    const row = rows.at(-1);
    if (isQuoted) {
      if (sign === '"' && text[place + 1] === '"') { row[row.length - 1] += sign; place += 1; }
      else if (sign === '"') isQuoted = false;
      else row[row.length - 1] += sign;
    } else if (sign === '"' && row.at(-1) === "") isQuoted = true;
    else if (sign === "\n") rows.push([""]);
    else if (sign === separator) row.push("");
    else if (sign !== "\r") row[row.length - 1] += sign;
  }
  return rows.filter((row) => row.some((cell) => cell.trim()));
}

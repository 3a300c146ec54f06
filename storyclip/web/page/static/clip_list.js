// The list of clips that is being made: title, order by pointer and by keyboard, problems beside.

import { MAX_CLIPS, clipsFrom, problemsOf, titleFrom } from "./clips.js";
import { announce, byId, h, setText } from "./dom.js";
import * as drop from "./drop.js";
import { fileClip, refusalOf } from "./file_clip.js";
import * as preview from "./preview.js";
import { Upload } from "./uploads.js";
import { t } from "./words.js";

const list = byId("clips");
let rows = []; // {clip, element, said}: `said` is what the server objected to; a clip has `url` or `upload`
let changed = () => {};

export const clips = () => rows.map((row) => row.clip);

/** Return how many stories the list becomes: a long video is several. */
export const stories = () => clips().reduce((sum, { upload }) => sum + (upload?.stories ?? 1), 0);

/** Return how many files are not ready yet, and may still be. */
export const unready = () => clips().filter(({ upload }) => upload && !upload.isReady && !upload.isRefused).length;

/** Return how many problems keep the list from being sent. */
export function fatalProblems() {
  const found = problems().flat().filter((problem) => problem.isFatal).length;
  return found + rows.filter((row) => row.said.length).length + (stories() > MAX_CLIPS ? 1 : 0);
}

export function begin(onChange) {
  changed = onChange;
  byId("add").addEventListener("click", () => {
    if (add(byId("paste").value)) byId("paste").value = "";
  });
  byId("paste").addEventListener("keydown", (key) => {
    if (key.key === "Enter" && (key.ctrlKey || key.metaKey)) byId("add").click();
  });
  const addList = async (file) => add(await file.text(), file.name);
  byId("file").addEventListener("change", (picked) => {
    const [file] = picked.target.files;
    if (file) addList(file);
    picked.target.value = "";
  });
  preview.begin();
  drop.begin({ onMedia: addFiles, onList: addList });
  list.addEventListener("dragover", (drag) => {
    if (!rows.some((row) => row.element.classList.contains("dragged"))) return;
    drag.preventDefault();
    const over = drag.target.closest("li");
    const from = rows.findIndex((row) => row.element.classList.contains("dragged"));
    const to = rows.findIndex((row) => row.element === over);
    if (to >= 0 && to !== from) move(from, to);
  });
  list.addEventListener("drop", (drop) => drop.preventDefault());
}

/** Take out what is published; what came into the list meanwhile stays. */
export function takeOut(published) {
  const isOut = ({ clip }) => published.includes(clip);
  for (const { clip, element } of rows.filter(isOut)) {
    clip.upload?.leave();
    element.remove();
  }
  rows = rows.filter((one) => !isOut(one));
  show();
}

/** Show what the server said of a clip, wherever in the list it is by now. */
export function object(clip, words) {
  const row = rows.find((one) => one.clip === clip);
  if (!row) return false;
  row.said.push(words);
  show();
  return true;
}

function add(text, name = "") {
  let found;
  setText(byId("clips-problem"), "");
  try {
    found = clipsFrom(text);
  } catch (unreadable) {
    if (!(unreadable instanceof SyntaxError)) throw unreadable;
    setText(byId("clips-problem"), t("clips.unreadable", { name: name || "JSON", why: unreadable.message }));
    return false;
  }
  if (!found.length) {
    setText(byId("clips-problem"), t("clips.nothing"));
    return false;
  }
  append(found.map((clip) => row({ title: "", ...clip })));
  announce(t("clips.added", { n: found.length }));
  return true;
}

function addFiles(files) {
  append(files.map((file) => {
    const one = row({ title: titleFrom(file.name), upload: new Upload(file, () => { one.file.show(); show(); }) });
    return one;
  }));
}

function append(added) {
  rows.push(...added);
  list.append(...added.map((one) => one.element));
  show();
}

function row(clip) {
  const one = { clip, said: [], file: clip.upload ? fileClip(clip.upload) : null };
  const at = () => rows.indexOf(one);
  const edit = (field) => (input) => {
    clip[field] = field === "url" ? input.target.value.trim() : input.target.value;
    one.said = [];
    show();
  };
  one.number = h("span", { class: "number", "aria-hidden": "true" });
  one.title = h("input", { value: clip.title, class: "clip-title", placeholder: t("clips.titleHere"), oninput: edit("title") });
  one.url = clip.upload ? null
    : h("input", { value: clip.url, class: "clip-url", inputmode: "url", spellcheck: "false", oninput: edit("url") });
  one.up = button("↑", () => moved(at(), at() - 1, one.up));
  one.down = button("↓", () => moved(at(), at() + 1, one.down));
  one.remove = button("✕", () => removed(at()));
  one.problems = h("ul", { class: "problems" });
  const grip = h("span", { class: "grip", draggable: "true", "aria-hidden": "true" }, "⠿");
  one.element = h("li", { onkeydown: (key) => byKey(key, at()) },
    grip, one.number, h("div", { class: "clip-fields" }, one.title, one.url, one.file?.element, one.problems),
    h("div", { class: "clip-buttons" }, one.up, one.down, one.remove));
  grip.addEventListener("dragstart", (drag) => {
    one.element.classList.add("dragged");
    drag.dataTransfer.effectAllowed = "move";
    drag.dataTransfer.setData("text/plain", "");
    drag.dataTransfer.setDragImage(one.element, 20, 20);
  });
  grip.addEventListener("dragend", () => one.element.classList.remove("dragged"));
  return one;
}

const button = (sign, onclick) => h("button", { type: "button", class: "icon", onclick }, sign);

function byKey(key, from) {
  if (!key.altKey || !["ArrowUp", "ArrowDown"].includes(key.key)) return;
  key.preventDefault();
  moved(from, from + (key.key === "ArrowUp" ? -1 : 1), key.target);
}

function moved(from, to, focused) {
  if (!rows[to]) return;
  move(from, to);
  (focused.disabled ? rows[to].title : focused).focus();
  announce(t("clips.moved", { n: to + 1, total: rows.length }));
}

function move(from, to) {
  const [one] = rows.splice(from, 1);
  rows.splice(to, 0, one);
  list.insertBefore(one.element, rows[to + 1]?.element ?? null);
  for (const each of rows) each.said = []; // said of places, which are others now
  show();
}

function removed(place) {
  const [gone] = rows.splice(place, 1);
  gone.element.remove();
  gone.clip.upload?.remove();
  for (const each of rows) each.said = [];
  (rows[Math.min(place, rows.length - 1)]?.remove ?? byId("paste")).focus();
  announce(t("clips.removed", { n: rows.length }));
  show();
}

function show() {
  const found = problems();
  rows.forEach((one, place) => {
    const n = place + 1;
    setText(one.number, String(n));
    label(one.title, t("clips.title", { n }));
    if (one.url) label(one.url, t("clips.url", { n }));
    label(one.up, t("clips.up", { n }));
    label(one.down, t("clips.down", { n }));
    label(one.remove, t("clips.remove", { n }));
    one.up.disabled = place === 0;
    one.down.disabled = place === rows.length - 1;
    const shown = [...found[place], ...one.said.map((text) => ({ text, isFatal: true }))];
    const isFatal = shown.some((problem) => problem.isFatal);
    one.element.classList.toggle("wrong", isFatal);
    one.url?.toggleAttribute("aria-invalid", false);
    if (isFatal) one.url?.setAttribute("aria-invalid", "true");
    const words = shown.map((problem) => problem.text).join("\n");
    if (one.shown !== words) {
      one.shown = words;
      one.problems.replaceChildren(...shown.map(({ text, isFatal: fatal }) =>
        h("li", { class: fatal ? "fatal" : "mild" }, text)));
    }
  });
  const count = byId("clip-count");
  count.hidden = !rows.length;
  setText(count, String(rows.length));
  byId("clips-hint").hidden = rows.length < 2;
  if (stories() > MAX_CLIPS) setText(byId("clips-problem"), t("check.tooMany", { n: stories() }));
  else if (rows.length) setText(byId("clips-problem"), "");
  preview.show(clips());
  changed();
}

/** Return for each clip what is wrong with it: of a link, of a file, or of its title. */
function problems() {
  return problemsOf(clips()).map((found, place) => {
    const refusal = rows[place].clip.upload && refusalOf(rows[place].clip.upload);
    return refusal ? [{ text: refusal, isFatal: true }, ...found] : found;
  });
}

function label(element, words) {
  if (element.getAttribute("aria-label") !== words) element.setAttribute("aria-label", words);
}

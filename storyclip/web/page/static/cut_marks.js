// The strip of a video, with the marks at which it is cut: moved by pointer and by keyboard.

import { added, boundsOf, moved, piecesOf, removed } from "./cuts.js";
import { announce, h, setText } from "./dom.js";
import { length as lengthText } from "./measures.js";
import { t } from "./words.js";

const STEPS_S = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
const FINE = 0.1; // with Shift

/** Return the strip of a file that is a video, with `element` and `show()`. */
export function cutMarks(upload) {
  let marks = [];
  let chosen = 0;
  let shown = null;
  let isHeld = false;
  const picture = h("img", { class: "strip-picture", alt: "", draggable: "false" });
  const strip = h("div", { class: "strip", role: "group", "aria-label": t("cuts.strip", { name: upload.name }) }, picture);
  const parts = h("p", { class: "small quiet" });
  const more = h("button", { type: "button", class: "small", onclick: add }, t("cuts.add"));
  const less = h("button", { type: "button", class: "small", onclick: () => remove(chosen) }, t("cuts.remove"));
  const ours = h("button", { type: "button", class: "small plain", onclick: leave }, t("cuts.leave"));
  const element = h("div", { class: "cutter" }, strip, parts, h("div", { class: "buttons" }, more, less, ours));
  const seconds = () => upload.view.facts.seconds;

  function show() {
    if (!upload.view?.strip || shown === upload.view || isHeld) return;
    shown = upload.view;
    if (picture.getAttribute("src") !== shown.strip) picture.src = shown.strip;
    marks = shown.pieces.slice(1).map((piece) => piece.startsAt);
    draw();
  }

  function draw() {
    while (strip.querySelectorAll(".cut-mark").length < marks.length) strip.append(mark());
    const handles = [...strip.querySelectorAll(".cut-mark")];
    handles.slice(marks.length).forEach((one) => one.remove());
    marks.forEach((at, place) => describe(handles[place], at, place));
    const pieces = piecesOf(marks, seconds()).map(([start, end]) => lengthText(end - start));
    setText(parts, marks.length ? t("cuts.parts", { n: pieces.length, lengths: pieces.join(" · ") }) : t("cuts.whole"));
    more.disabled = !added(marks, seconds());
    less.disabled = !removed(marks, chosen, seconds());
    ours.hidden = !upload.view.options.cutMarks && !upload.wishes.cutMarks;
  }

  function describe(handle, at, place) {
    const { least, most } = boundsOf(marks, place, seconds());
    handle.style.left = `${(at / seconds()) * 100}%`;
    handle.setAttribute("aria-label", t("cuts.mark", { n: place + 1, total: marks.length }));
    handle.setAttribute("aria-valuemin", Math.min(least, at));
    handle.setAttribute("aria-valuemax", Math.max(most, at));
    handle.setAttribute("aria-valuenow", at);
    handle.setAttribute("aria-valuetext", valueText(at, place));
  }

  function valueText(at, place) {
    const before = lengthText(at - (marks[place - 1] ?? 0));
    return t("cuts.at", { at: lengthText(at), before, after: lengthText((marks[place + 1] ?? seconds()) - at) });
  }

  function mark() {
    const handle = h("div", { class: "cut-mark", role: "slider", tabindex: "0", "aria-orientation": "horizontal",
      onkeydown: (key) => byKey(key, placeOf(handle)), onfocus: () => choose(placeOf(handle)) });
    handle.addEventListener("pointerdown", (down) => {
      handle.setPointerCapture(down.pointerId);
      isHeld = true;
      handle.focus();
    });
    handle.addEventListener("pointermove", (move) => {
      if (handle.hasPointerCapture(move.pointerId)) drag(placeOf(handle), move.clientX);
    });
    handle.addEventListener("lostpointercapture", () => {
      isHeld = false;
      wish();
    });
    return handle;
  }

  const placeOf = (handle) => [...strip.querySelectorAll(".cut-mark")].indexOf(handle);

  function drag(place, x) {
    const { left, width } = strip.getBoundingClientRect();
    marks = moved(marks, place, ((x - left) / width) * seconds(), seconds());
    draw();
  }

  function byKey(key, place) {
    if (key.altKey) return; // moves the clip in its list
    const { least, most } = boundsOf(marks, place, seconds());
    if (key.key === "Delete" || key.key === "Backspace") remove(place);
    else if (key.key === "Home") put(place, least);
    else if (key.key === "End") put(place, most);
    else if (key.key in STEPS_S) put(place, marks[place] + STEPS_S[key.key] * (key.shiftKey ? FINE : 1));
    else return;
    key.preventDefault();
  }

  function put(place, at) {
    marks = moved(marks, place, at, seconds());
    wish();
  }

  function choose(place) {
    chosen = place;
    less.disabled = !removed(marks, chosen, seconds());
  }

  function add() {
    const found = added(marks, seconds());
    marks = found.marks;
    chosen = found.place;
    wish();
    strip.querySelectorAll(".cut-mark")[chosen].focus();
    announce(t("cuts.added", { n: marks.length + 1 }));
  }

  function remove(place) {
    const left = removed(marks, place, seconds());
    if (!left) {
      announce(t("cuts.tooLong"));
      return;
    }
    marks = left;
    chosen = Math.max(0, Math.min(place, marks.length - 1));
    wish();
    (strip.querySelectorAll(".cut-mark")[chosen] ?? more).focus();
    announce(t("cuts.removed", { n: marks.length + 1 }));
  }

  function leave() {
    upload.wish({ cutMarks: null });
    more.focus();
  }

  function wish() {
    draw();
    const before = upload.view.pieces.slice(1).map((piece) => piece.startsAt);
    if (before.join() !== marks.join()) upload.wish({ cutMarks: marks });
  }

  return { element, show };
}

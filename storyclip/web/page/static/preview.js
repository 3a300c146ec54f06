// The sequence as it will be seen: one story after the other on a phone, a long video in its pieces.

import { byId, h, setText } from "./dom.js";
import { framesIn, showFrame } from "./frames.js";
import { length } from "./measures.js";
import { t } from "./words.js";

const FRAME_MS = 700;
let stories = [];
let current = 0;
let frame = 0;
let timer = 0;

export function begin() {
  byId("preview-back").addEventListener("click", () => go(current - 1));
  byId("preview-next").addEventListener("click", () => go(current + 1));
  byId("preview-play").addEventListener("click", () => (timer ? stop() : play()));
}

/** Show what the clips become; nothing where all are links, which nobody has looked into. */
export function show(clips) {
  const shown = clips.filter((clip) => !clip.upload?.isRefused); // nothing of those is ever seen
  byId("preview").hidden = !shown.some((clip) => clip.upload);
  stories = shown.flatMap(storiesOf);
  current = Math.max(0, Math.min(current, stories.length - 1));
  const bars = byId("preview-bars");
  if (bars.children.length !== stories.length) bars.replaceChildren(...stories.map(() => h("i")));
  if (stories.length) draw();
  else stop();
}

function storiesOf({ upload, title, url }) {
  const name = title || upload?.name || url;
  const view = upload?.view;
  const pieces = view?.poster && view.pieces.length ? view.pieces : [null];
  return pieces.map((piece, place) => ({
    name, view, piece, place, count: pieces.length, isLink: !upload,
    frames: piece?.seconds && view.strip ? framesIn(view, piece.startsAt, piece.startsAt + piece.seconds) : [0],
  }));
}

function draw() {
  const { name, view, piece, place, count, isLink, frames } = stories[current];
  frame = Math.min(frame, frames.length - 1);
  const screen = byId("preview-screen");
  const isSeen = Boolean(view?.poster);
  showFrame(screen, isSeen ? view : {}, frames[frame]);
  setText(screen, isSeen ? "" : t(isLink ? "preview.link" : "preview.soon"));
  [...byId("preview-bars").children].forEach((bar, at) => bar.classList.toggle("seen", at <= current));
  const part = count > 1 ? t("preview.part", { n: place + 1, total: count }) : "";
  const seconds = piece?.seconds ? length(piece.seconds) : "";
  const facts = [t("preview.story", { n: current + 1, total: stories.length }), name, part, seconds];
  setText(byId("preview-says"), facts.filter(Boolean).join(" · "));
  byId("preview-back").disabled = current === 0;
  byId("preview-next").disabled = current === stories.length - 1;
}

function go(to) {
  stop();
  const had = document.activeElement;
  current = to;
  frame = 0;
  draw();
  if (had?.disabled) byId("preview-play").focus(); // the first or the last: the button is of no use
}

function play() {
  if (current === stories.length - 1 && frame >= stories[current].frames.length - 1) {
    current = 0;
    frame = 0;
  }
  timer = setInterval(step, FRAME_MS);
  setText(byId("preview-play"), t("preview.pause"));
  draw();
}

function step() {
  if (frame < stories[current].frames.length - 1) frame += 1;
  else if (current < stories.length - 1) {
    current += 1;
    frame = 0;
  } else {
    stop();
    return;
  }
  draw();
}

function stop() {
  clearInterval(timer);
  timer = 0;
  setText(byId("preview-play"), t("preview.play"));
}

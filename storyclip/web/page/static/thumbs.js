// What a clip of a batch looks like, where it is a file: asked for when somebody sees its row.

import { get } from "./api.js";
import { h } from "./dom.js";
import { framesIn, showFrame } from "./frames.js";

const FORM = /^file:([\w-]+)#(\d+)$/;
const views = new Map(); // id → what the service tells of a file, null where it is gone
const waiting = new WeakMap();
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    waiting.get(target)();
  }
});

/** Return an element for the clip's picture; null where it is a link. `onPart` gets a part's number, and of how many. */
export function thumbOf({ url }, onPart) {
  const [, id, number] = FORM.exec(url) ?? [];
  if (!id) return null;
  const element = h("span", { class: "thumb", "aria-hidden": "true" });
  waiting.set(element, () => show(element, id, Number(number), onPart));
  seen.observe(element);
  return element;
}

async function show(element, id, number, onPart) {
  if (!views.has(id)) views.set(id, get(`/files/${id}`).catch(() => null)); // it is kept for a day
  const view = await views.get(id);
  const piece = view?.pieces.find((one) => one.number === number);
  if (!piece) return;
  if (view.pieces.length > 1) onPart(number, view.pieces.length);
  const isPart = piece.seconds && view.strip;
  showFrame(element, view, isPart ? framesIn(view, piece.startsAt, piece.startsAt + piece.seconds)[0] : 0);
}

// A file in the list of clips: what it looks like, how far it is, and what is wrong with it.

import { cutMarks } from "./cut_marks.js";
import { announce, h, randomName, setText } from "./dom.js";
import { sentenceOf } from "./file_problems.js";
import { bytes, length } from "./measures.js";
import { Unreadable } from "./uploads.js";
import { t } from "./words.js";

const TOLD = ["ready", "refused", "stopped", "lost"]; // aloud; more would be chatter

/** Return what a person sees of a file, with `element` and `show()`. */
export function fileClip(upload) {
  const picture = h("div", { class: "poster", "aria-hidden": "true" });
  const about = h("p", { class: "quiet small file-about" });
  const says = h("p", { class: "small file-says" });
  const fill = h("i");
  const bar = h("div", { class: "meter", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" }, fill);
  const act = h("button", { type: "button", class: "small", onclick: () => (upload.isSending ? upload.pause() : upload.resume()) });
  const mends = h("details", { class: "mends small", hidden: true }); // an empty one has a word of the browser
  const fit = fitChoice(upload);
  const cuts = cutMarks(upload);
  const shape = h("details", { class: "shape", hidden: true }, h("summary", {}, t("shape.title")), fit.element, cuts.element);
  const element = h("div", { class: "file" }, picture,
    h("div", { class: "file-text" }, about, says, bar, h("div", { class: "buttons" }, act), mends), shape);
  let told = upload.stage;
  let shown = null;

  function show() {
    const words = wordsFor(upload);
    setText(about, factsOf(upload));
    setText(says, words);
    const { waits } = upload;
    says.dataset.stage = waits ? "waits" : upload.stage;
    showBar();
    showButton();
    if (shown !== upload.view) showView();
    const state = waits ? waits.code : upload.stage;
    if (told !== state && (waits || TOLD.includes(state))) announce(`${upload.name}: ${words}`);
    told = state;
  }

  function showBar() {
    const isMoving = upload.isOnItsWay || upload.isBeingMade || upload.stage === "stopped";
    bar.hidden = !isMoving;
    const part = upload.isBeingMade ? upload.view?.progress ?? 0 : upload.received / (upload.size || 1);
    const percent = Math.floor(part * 100);
    bar.classList.toggle("still", !upload.isSending && (!upload.isBeingMade || upload.waits !== null));
    bar.setAttribute("aria-label", t(upload.isBeingMade ? "upload.prepared" : "upload.sent", { name: upload.name }));
    bar.setAttribute("aria-valuenow", percent);
    fill.style.width = `${percent}%`;
  }

  function showButton() {
    const word = upload.isSending ? "pause" : upload.stage === "paused" ? "resume" : "again";
    act.hidden = !upload.isSending && !["paused", "stopped"].includes(upload.stage);
    setText(act, t(`send.${word}`));
    act.setAttribute("aria-label", t("upload.doNamed", { do: t(`send.${word}`), name: upload.name }));
  }

  function showView() {
    shown = upload.view;
    const { poster, problems = [] } = upload.view ?? {};
    if (poster && picture.dataset.of !== poster) {
      picture.dataset.of = poster;
      picture.replaceChildren(h("img", { src: poster, alt: "", width: 54, height: 96 }));
    }
    showShape();
    const mended = upload.view?.state === "refused" ? [] : problems;
    mends.hidden = !mended.length;
    if (mended.length) {
      mends.replaceChildren(h("summary", {}, t("upload.mends")),
        h("ul", {}, mended.map((problem) => h("li", {}, sentenceOf(problem)))));
    }
  }

  function showShape() {
    const { strip, pieces = [] } = upload.view ?? {};
    fit.show();
    cuts.element.hidden = !strip;
    cuts.show();
    const wasHidden = shape.hidden;
    shape.hidden = !upload.view?.poster || (!strip && fit.element.hidden);
    if (wasHidden && !shape.hidden) shape.open = pieces.length > 1;
  }

  show();
  return { element, show };
}

/** How a picture of another shape fills the screen; nothing to choose where it has that shape. */
function fitChoice(upload) {
  const name = `fit-${randomName()}`;
  const choices = ["blurred", "crop"].map((fit) => {
    const input = h("input", { type: "radio", name, value: fit, onchange: () => upload.wish({ fit }) });
    return { input, label: h("label", { class: "choice" }, input, h("span", {}, t(`fit.${fit}`))) };
  });
  const element = h("div", { class: "choices", role: "radiogroup", "aria-label": t("shape.fit", { name: upload.name }), hidden: true },
    choices.map((choice) => choice.label));
  return {
    element,
    show() {
      element.hidden = !upload.view?.problems.some((problem) => problem.code === "not_upright");
      const chosen = upload.wishes.fit ?? upload.view?.options.fit;
      for (const { input } of choices) input.checked = input.value === chosen;
    },
  };
}

/** Return what keeps a file from going out, in words; null where nothing does for good. */
export function refusalOf({ stage, view, trouble, name }) {
  if (stage === "refused") return view.problems.map(sentenceOf).join(" ");
  if (stage !== "stopped") return null;
  if (trouble instanceof Unreadable) return t("upload.unreadable", { name });
  if (trouble.facts.words) return sentenceOf(trouble.facts);
  if (trouble.status === 401) return t("upload.signedOut");
  if (trouble.code === "scope_missing") return t("upload.notAllowed");
  return t("upload.failed", { name, why: trouble.message.replace(/\.$/, "") });
}

function wordsFor(upload) {
  const given = {
    received: bytes(upload.received),
    size: bytes(upload.size),
    percent: Math.floor((upload.view?.progress ?? 0) * 100),
    n: upload.stories,
  };
  if (upload.stage === "busy" && upload.trouble.facts.words) return sentenceOf(upload.trouble.facts);
  if (upload.waits) return sentenceOf(upload.waits);
  if (upload.isRefused) return t("stage.refused");
  if (upload.isReady && upload.stories > 1) return t("stage.cut", given);
  return t(`stage.${upload.stage}`, given);
}

/** Return what is known of it: name, length, shape, size. */
function factsOf({ name, size, view }) {
  const facts = view?.facts;
  const measured = [
    facts?.seconds && facts.kind === "video" ? length(facts.seconds) : null,
    facts?.width ? `${facts.width} × ${facts.height}` : null,
    bytes(size),
  ].filter(Boolean).map((fact) => fact.replaceAll(" ", "\u00a0")); // no line ends within "640 × 480"
  return [name, ...measured].join(" · ");
}

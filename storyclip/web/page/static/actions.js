// What can be done with a batch or a clip. Only what cannot be undone is asked about.

import { post } from "./api.js";
import { acted } from "./batches.js";
import { clipName } from "./clip_row.js";
import { confirmed, h, setText } from "./dom.js";
import { ask, isHeld, look } from "./strangers.js";
import { precise } from "./times.js";
import { t } from "./words.js";

const mayAct = document.getElementById("main").dataset.mayPublish === "yes";

/** Return the names of what can be done with a batch, in the order of its buttons. */
export function batchActions(batch) {
  const { status } = batch;
  const isRunning = status === "processing" || status === "paused";
  const isWaiting = isHeld(batch) && isRunning; // all else is refused until that is said
  const offered = {
    pause: status === "processing",
    whose: isWaiting,
    resume: status === "paused" && !isWaiting,
    retryAll: safe(batch).length > 1 && !isWaiting,
    cancel: isRunning && !isWaiting,
  };
  return mayAct ? Object.keys(offered).filter((name) => offered[name]) : [];
}

/** Return the button of one of them; it is about the batch as `now()` has it when it is pressed. */
export function actionButton(name, now, said) {
  const does = (wish) => () => act(wish, now().batchId, {}, said);
  const cancel = async () => {
    const { total, published, failed, cancelled } = now().posts;
    const left = total - published - failed - cancelled;
    const isWanted = await confirmed(
      t("ask.cancel.title"), t("ask.cancel.text", { n: left }), t("ask.cancel.yes"));
    return isWanted ? act("cancel", now().batchId, {}, said) : undefined;
  };
  const [kind, pressed] = {
    pause: [null, does("pause")],
    whose: ["primary", ask],
    resume: ["primary", does("resume")],
    retryAll: [null, does("retry-failed")],
    cancel: ["plain danger-text", cancel],
  }[name];
  return button(t(`do.${name}`), kind, pressed);
}

const safe = ({ clips }) => clips.filter((clip) => clip.status === "failed" && clip.retrySafety === "safe");

/** Return the one thing that is safe to do with a clip that failed, null when there is none. */
export function clipAction(batch, clip, said) {
  const isFailed = clip.status === "failed";
  if (!mayAct || !isFailed || isHeld(batch) || !["safe", "check_first"].includes(clip.retrySafety)) return null;
  const word = clip.retrySafety === "safe" ? "retry" : "check";
  const retry = () => act("retry-failed", batch.batchId, { clip: clip.index }, said);
  return button(t(`do.${word}`), "small", retry, t(`do.${word}Named`, { name: clipName(clip) }));
}

function button(words, kind, does, label = null) {
  const element = h("button", { type: "button", class: kind, "aria-label": label, onclick: async () => {
    element.disabled = true; // until it is answered: a double click is one wish
    await does();
    element.disabled = false;
  } }, words);
  return element;
}

async function act(name, batchId, query, said) {
  setText(said, "");
  try {
    const answer = await post(`/${name}`, { batchId, ...query });
    setText(said, leftOver(answer));
    await acted(answer);
  } catch (objection) {
    const { facts } = objection;
    if (facts.confirm && !query[facts.confirm] && await isVouchedFor(facts)) {
      await act(name, batchId, { ...query, ...vouched(facts) }, said);
    } else setText(said, why(facts, objection.message));
    if (objection.code === "in_doubt") await look(); // the question may be there by now
  }
}

/** Ask whether what keeps a wish from being done is all right with the person. */
function isVouchedFor({ confirm, clips }) {
  const word = (part) => t(`ask.${confirm}.${part}`, { clips: clips.join(", ") });
  return confirmed(word("title"), word("text"), word("yes"));
}

/** Return what to add to a wish that is repeated: who looked for one clip has not looked for others. */
const vouched = ({ confirm, clips }) =>
  ({ [confirm]: "true", ...(confirm === "confirmAbsent" ? { clip: clips[0] } : {}) });

/** Return why something was not done, in the page's words where the API's are for programs. */
function why({ confirm, reason, clips, until }, words) {
  const named = { clips: clips?.join(", ") };
  if (confirm) return t(`said.${confirm}`, named);
  return reason === "too_early" ? t("said.tooEarly", { ...named, when: precise(Date.parse(until)) }) : words;
}

/** Return what a wish did not do: clips left alone, each with its reason, and those that may be out. */
function leftOver({ notRetried = [], outcome }) {
  const reasons = notRetried.map((one) => why(one, one.detail));
  const unknown = outcome?.unknown ?? [];
  return [...reasons, unknown.length ? t("said.unknown", { clips: unknown.join(", ") }) : ""].join(" ").trim();
}

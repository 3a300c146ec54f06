// Why a clip, or a batch, is as it is, in the reader's language; somebody else's words as a quotation.

import { moment } from "./times.js";
import { knows, t } from "./words.js";

const INSTANTS = ["at", "until"];

// What the API says to programs with the name of a parameter, the page has a button for
const BY_A_BUTTON = { order_lost: "clip.confirmOrder", unproven: "clip.confirmAbsent",
  forbidden: "clip.notAllowed", forbidden_taken_back: "clip.notAllowed",
  not_brought: "clip.notBrought" };

/** Return why it is as it is; of an event of before there were facts, the sentence that it has. */
export function told({ error, errorFacts }) {
  return errorFacts?.reason ? sentence(errorFacts) : error;
}

function sentence({ reason, ...facts }) {
  if (BY_A_BUTTON[reason]) return t(BY_A_BUTTON[reason]);
  if (!knows(`error.${reason}`)) return t("error.quoted", facts);
  return t(`error.${reason}`, Object.fromEntries(Object.entries(facts).map(shown)));
}

function shown([name, fact]) {
  if (typeof fact === "object") return [name, sentence(fact)];
  return [name, INSTANTS.includes(name) ? moment(Date.parse(fact)) : fact];
}

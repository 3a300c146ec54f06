// What is wrong with a file, in the reader's language.

import { t } from "./words.js";

/** Return the sentence for a problem as the service tells it: its code, and the facts of it. */
export function sentenceOf(problem) {
  return t(`file.${problem.code}`, problem.facts);
}

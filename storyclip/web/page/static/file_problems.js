// What is wrong with a file, or with sending it, in the reader's language: the service has the words.

import { language } from "./words.js";

/** Return the sentences for a problem that the service tells of a file, or of taking one in. */
export function sentenceOf(problem) {
  return problem.words[language];
}

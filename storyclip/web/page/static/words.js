// The words of the page in the language that the server chose, and dates in the same.

const words = JSON.parse(document.getElementById("words").textContent);

export const language = document.documentElement.lang;

/** Return whether there are words for a key. */
export const knows = (key) => key in words;

/** Return the words for a key, with what stands in {braces} put in. */
export function t(key, given = {}) {
  const text = words[key];
  if (text === undefined) throw new Error(`no words for ${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => given[name] ?? whole);
}

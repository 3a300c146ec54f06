// Elements from plain values. Text is always a text node: nobody's title becomes markup.

/** Return an element; `on…` are listeners, `null` and `false` are left out. */
export function h(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Set text only when it changes: a live region repeats what is written again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Return who tells, for each question, whether none was asked after it: answers overtake each other. */
export function lastAsked() {
  let asked = 0;
  return () => {
    const mine = ++asked;
    return () => mine === asked;
  };
}

/** Tell a screen reader. */
export function announce(text) {
  setText(byId("news"), text);
}

/** Ask before what cannot be undone; resolves to whether it is wanted. */
export function confirmed(title, text, yes) {
  const dialog = byId("ask");
  setText(byId("ask-title"), title);
  setText(byId("ask-text"), text);
  setText(byId("ask-yes"), yes);
  dialog.returnValue = "no";
  dialog.showModal();
  byId("ask-no").focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** Return 32 random hex digits; `randomUUID` is not there on a plain http page of the network. */
export function randomName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The screen of administrators: who may what, with which keys, who is signed in, what was done.

import { byId, lastAsked, setText } from "./dom.js";
import * as audit from "./people_audit.js";
import * as keys from "./people_keys.js";
import * as sessions from "./people_sessions.js";
import * as users from "./people_users.js";
import { t } from "./words.js";

const PARTS = { users, keys, sessions, audit };
const asking = lastAsked();
let current = "users";

export function begin() {
  for (const input of document.querySelectorAll("[name=people-part]")) {
    input.addEventListener("change", () => { current = input.value; show(); });
  }
  for (const part of Object.values(PARTS)) part.begin(trying);
}

export async function show() {
  const isLast = asking();
  for (const name of Object.keys(PARTS)) byId(`people-${name}`).hidden = name !== current;
  byId(`people-${current}`).setAttribute("aria-busy", "true"); // what is there is of before
  await trying(() => PARTS[current].show());
  if (isLast()) for (const name of Object.keys(PARTS)) byId(`people-${name}`).removeAttribute("aria-busy");
}

/** Do something, say above all what came in its way, and return whether nothing did. */
async function trying(does) {
  setText(byId("people-problem"), "");
  try {
    await does();
    return true;
  } catch (objection) {
    const where = objection.errors?.map((one) => one.detail).join(" · ");
    setText(byId("people-problem"), where ? `${objection.message} ${where}` : objection.message);
    byId("people-problem").scrollIntoView({ block: "nearest" });
    return false;
  }
}

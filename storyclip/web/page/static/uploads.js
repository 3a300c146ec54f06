// Files of this device on their way to being stories: sent, looked into, prepared.

import { ask } from "./api.js";
import { known, remember } from "./begun_uploads.js";
import { Unreadable, bring } from "./tus.js";

const AT_ONCE = 2; // two whole files are of more use than ten halves
const LOOK_MS = 1000;
const LOOKS = 4; // files asked about at a time
const OVER = ["ready", "refused"];

const uploads = new Set();
let looking = 0;

/** One file, and what has become of it: `stage`, `received` bytes of `size`, the service's `view`. */
export class Upload {
  #file;
  #changed;
  #stopping = new AbortController();
  #address = null;

  constructor(file, changed) {
    this.#file = file;
    this.#changed = changed;
    this.name = file.name;
    this.size = file.size;
    this.received = 0;
    this.stage = "queued"; // sending, lost, busy, paused, stopped; then checking, preparing, ready, refused
    this.trouble = null; // why it is stopped, or waits
    this.view = null;
    uploads.add(this);
    queueMicrotask(sendNext); // whoever makes it has it by then
  }

  get id() { return this.#address?.split("/").at(-1); }
  get isReady() { return this.stage === "ready"; }
  get isRefused() { return this.stage === "refused" || this.stage === "stopped"; }
  get isOnItsWay() { return ["queued", "sending", "lost", "busy", "paused"].includes(this.stage); }
  get isSending() { return ["sending", "lost", "busy"].includes(this.stage); }
  get isBeingMade() { return ["checking", "preparing"].includes(this.stage); }

  /** Return how many stories it becomes, as far as is known. */
  get stories() { return Math.max(1, this.view?.pieces.length ?? 1); }

  pause() {
    this.#become("paused");
    this.#stopping.abort();
  }

  /** Go on, after a pause or after what stopped it. */
  resume() {
    this.#become("queued");
    sendNext();
  }

  /** Have it forgotten; what a batch needs stays there all the same. */
  remove() {
    this.#stopping.abort();
    uploads.delete(this);
    sendNext();
    if (!this.#address) return;
    remember(this.#file, null);
    const headers = { "Tus-Resumable": "1.0.0" };
    ask("DELETE", this.#address, { headers }).catch(() => {}); // else it goes by itself in a day
  }

  /** Let go of it without a word: it was published. */
  leave() {
    uploads.delete(this);
  }

  async send() {
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    this.#address ??= known(this.#file, [...uploads].map((one) => one.#address));
    this.#become("sending");
    try {
      await bring(this.#file, {
        told: { filename: this.name },
        address: this.#address,
        signal,
        onAddress: (address) => { this.#address = address; remember(this.#file, address); },
        onBytes: (received) => { this.received = received; this.#become("sending"); },
        onWait: (why) => this.#become(why.status === 0 ? "lost" : "busy", why),
      });
      this.#become("checking");
      look();
    } catch (why) {
      if (!signal.aborted) this.#become("stopped", why);
    }
    sendNext();
  }

  async look() {
    try {
      const { body } = await ask("GET", this.#address);
      this.view = body;
      if (body.state !== "receiving") this.#become(body.state);
    } catch (why) {
      if (why.status === 404) this.#become("stopped", why);
    }
  }

  #become(stage, trouble = null) {
    this.stage = stage;
    this.trouble = trouble;
    if (uploads.has(this)) this.#changed(this);
  }
}

/** Return whether leaving the page would end what is on its way. */
export const isAnythingOnItsWay = () => [...uploads].some((one) => one.isOnItsWay);

export { Unreadable };

function sendNext() {
  const waiting = [...uploads].filter((one) => one.stage === "queued");
  const places = AT_ONCE - [...uploads].filter((one) => one.isSending).length;
  for (const one of waiting.slice(0, Math.max(0, places))) one.send();
}

/** Ask what became of the files that are there, until all are ready or refused. */
function look() {
  if (looking) return;
  looking = setTimeout(async () => {
    const made = [...uploads].filter((one) => one.isBeingMade);
    await Promise.all(made.slice(0, LOOKS).map((one) => one.look()));
    for (const one of made.slice(0, LOOKS)) { // the others are next
      if (uploads.delete(one)) uploads.add(one);
    }
    looking = 0;
    if (made.some((one) => !OVER.includes(one.stage))) look();
  }, LOOK_MS);
}

addEventListener("beforeunload", (leaving) => {
  if (isAnythingOnItsWay()) leaving.preventDefault();
});

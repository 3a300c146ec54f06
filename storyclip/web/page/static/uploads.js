// Files of this device on their way to being stories: sent, looked into, prepared.

import { ask } from "./api.js";
import { known, remember } from "./begun_uploads.js";
import { piecesOf } from "./cuts.js";
import { Unreadable, bring } from "./tus.js";

const AT_ONCE = 2; // two whole files are of more use than ten halves
const LOOK_MS = 1000;
const SETTLED_MS = 1500; // after the last change of mind
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
  #before = null; // where the same bytes are, made with other wishes
  #settling = 0;

  constructor(file, changed) {
    this.#file = file;
    this.#changed = changed;
    this.name = file.name;
    this.size = file.size;
    this.received = 0;
    // queued, sending, lost, busy, paused, stopped; then checking, preparing, ready, refused, changed
    this.stage = "queued";
    this.trouble = null; // why it is stopped, or waits
    this.view = null;
    this.wishes = {}; // that its person has: fit, cutMarks
    uploads.add(this);
    queueMicrotask(sendNext); // whoever makes it has it by then
  }

  get id() { return this.#address?.split("/").at(-1); }
  get isReady() { return this.stage === "ready"; }
  get isRefused() { return this.stage === "refused" || this.stage === "stopped"; }
  get isOnItsWay() { return ["queued", "sending", "lost", "busy", "paused"].includes(this.stage); }
  get isSending() { return ["sending", "lost", "busy"].includes(this.stage); }
  get isBeingMade() { return ["checking", "preparing"].includes(this.stage); }

  /** Return what keeps it waiting while it is made, and is no fault of its own; null for nothing. */
  get waits() { return (this.isBeingMade && this.view?.waits) || null; }

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

  /** Have it made anew with other wishes, once its person has settled on them. */
  wish(wishes) {
    Object.assign(this.wishes, wishes);
    const { cutMarks } = wishes;
    const pieces = cutMarks && piecesOf(cutMarks, this.view.facts.seconds).map(([startsAt, end], place) => (
      { number: place + 1, startsAt, seconds: end - startsAt }));
    this.view = { ...this.view, progress: 0, pieces: pieces ?? this.view.pieces };
    this.#stopping.abort(); // of what was wished before, if it is just being asked for
    this.#become("changed");
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#makeAnew(), SETTLED_MS);
  }

  #makeAnew() {
    if (!uploads.has(this)) return;
    this.#before ??= this.#address;
    this.#address = null;
    remember(this.#file, null);
    this.resume();
  }

  /** Have it forgotten; what a batch needs stays there all the same. */
  remove() {
    this.#stopping.abort();
    uploads.delete(this);
    sendNext();
    remember(this.#file, null);
    forget(this.#address);
    forget(this.#before);
  }

  /** Let go of it without a word: it was published. */
  leave() {
    uploads.delete(this);
  }

  async send() {
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    this.#address ??= known(this.#file, addresses());
    this.#become("sending");
    try {
      await bring(this.#file, {
        told: this.#told(),
        address: this.#address,
        signal,
        onAddress: (address) => this.#isAt(address),
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

  get address() { return this.#address; }

  #isAt(address) {
    this.#address = address;
    remember(this.#file, address);
    if (this.#before !== address) forget(this.#before);
    this.#before = null;
  }

  #told() {
    const { fit, cutMarks } = { ...this.view?.options, ...this.wishes };
    return {
      filename: this.name,
      ...(this.view ? { sha256: this.view.sha256 } : {}),
      ...(fit ? { fit } : {}),
      ...(cutMarks?.length ? { cutMarks: cutMarks.join(" ") } : {}),
    };
  }

  async look() {
    const asked = this.#address;
    try {
      const { body } = await ask("GET", asked);
      if (!this.isBeingMade || asked !== this.#address) return; // its person has changed their mind
      const isLookedInto = body.state !== "checking"; // until then what was seen before is still so
      this.view = isLookedInto || !this.view ? body : { ...this.view, progress: 0, waits: body.waits };
      if (body.state === "refused") remember(this.#file, null); // chosen again, it comes anew
      if (body.state !== "receiving") this.#become(body.state);
    } catch (why) {
      // Whatever else it was, it is asked again in a moment
      if (why.status === 404 && asked === this.#address) this.#become("stopped", why);
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

const addresses = () => [...uploads].map((one) => one.address);

/** Have the service forget a file that no clip in the list is any more; else it does so in a day. */
function forget(address) {
  if (!address || addresses().includes(address)) return;
  ask("DELETE", address, { headers: { "Tus-Resumable": "1.0.0" } }).catch(() => {});
}

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

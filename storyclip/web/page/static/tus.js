// Bring a file in by tus 1.0: announced once, sent in parts, gone on with where the line broke.

import { API, objectionFrom } from "./api.js";

export const FILES = `${API}/files`;
const VERSION = { "Tus-Resumable": "1.0.0" };
const PART_BYTES = 8 * 1024 * 1024; // a proxy may hold one back until it is whole
const STANDS_STILL_MS = 45_000; // a line that is dead without a word
const FIRST_MS = 500;
const LONGEST_MS = 30_000;
const PASSING = [0, 408, 409, 423, 425, 429]; // besides 5xx: ask how much is there, and go on
const FULL = 507; // waiting helps, but a person has to know
const GONE = [404, 410]; // swept, removed, or of another user of this browser

/** The file of this device cannot be read any more: moved, changed, or its card taken out. */
export class Unreadable extends Error {}

/**
 * Bring a file to the service, however often the line breaks, and return its address.
 *
 * `told` are the words about it; `address` is where a part of it may be already, else null.
 * `onAddress(address)`, `onBytes(received)` and `onWait(objection)` say how it goes.
 * What cannot be cured by asking again is thrown: an `Objection`, `Unreadable`, or an abort.
 */
export async function bring(file, { told, address, signal, onAddress, onBytes, onWait }) {
  let attempts = 0;
  for (;;) {
    try {
      let offset = address ? await offsetOf(address, signal) : null;
      if (!address) {
        ({ address, offset } = await announced(file.size, told, signal));
        onAddress(address);
      }
      signal.throwIfAborted();
      onBytes(offset);
      while (offset < file.size) {
        offset = await sendPart(file, address, offset, signal, onBytes);
        signal.throwIfAborted();
        onBytes(offset);
        attempts = 0;
      }
      return address;
    } catch (trouble) {
      signal.throwIfAborted();
      if (GONE.includes(trouble.status) && address) address = null;
      else {
        if (!isPassing(trouble)) throw trouble;
        onWait(trouble);
        await pause(Math.min(FIRST_MS * 2 ** attempts, LONGEST_MS), signal);
        attempts += 1;
      }
    }
  }
}

const isPassing = ({ status }) => PASSING.includes(status) || (status >= 500 && status !== FULL);

async function announced(size, told, signal) {
  const words = Object.entries(told).map(([key, word]) => `${key} ${base64(String(word))}`);
  const headers = { "Upload-Length": size, "Upload-Metadata": words.join(",") };
  const answer = await exchange("POST", FILES, headers, { signal });
  const where = answer.getResponseHeader("Location");
  return { address: new URL(where, location.href).pathname, offset: offsetIn(answer) };
}

const offsetOf = async (address, signal) => offsetIn(await exchange("HEAD", address, {}, { signal }));

async function sendPart(file, address, offset, signal, onBytes) {
  const body = file.slice(offset, Math.min(offset + PART_BYTES, file.size), "application/offset+octet-stream");
  const onSent = (bytes) => onBytes(offset + bytes);
  try {
    return offsetIn(await exchange("PATCH", address, { "Upload-Offset": offset }, { body, signal, onSent }));
  } catch (trouble) {
    if (trouble.status === 0) await requireReadable(file, offset); // a browser tells them not apart
    throw trouble;
  }
}

const offsetIn = (answer) => Number(answer.getResponseHeader("Upload-Offset"));

async function requireReadable(file, offset) {
  try {
    await file.slice(offset, offset + 1).arrayBuffer();
  } catch (why) {
    throw new Unreadable(why.message);
  }
}

/** One request; by the older of the two ways, the one that tells how much is sent. */
function exchange(method, address, headers, { body = null, signal, onSent }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer = 0;
    const stop = () => request.abort();
    const isAlive = () => {
      clearTimeout(timer);
      timer = setTimeout(stop, STANDS_STILL_MS);
    };
    request.open(method, address);
    for (const [name, value] of Object.entries({ ...VERSION, ...headers })) request.setRequestHeader(name, value);
    if (onSent) {
      request.upload.addEventListener("progress", (sent) => {
        isAlive();
        onSent(sent.loaded);
      });
    }
    request.addEventListener("loadend", () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      if (request.status >= 200 && request.status < 300) resolve(request);
      else reject(objectionFrom(request.status, request.statusText, request.responseText));
    });
    signal.addEventListener("abort", stop);
    isAlive();
    request.send(body);
  });
}

/** Wait; no longer than until the device says that it has a line again. */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const over = () => {
      clearTimeout(timer);
      removeEventListener("online", over);
      signal.removeEventListener("abort", over);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(over, ms * (0.5 + Math.random() / 2));
    addEventListener("online", over);
    signal.addEventListener("abort", over);
  });
}

const base64 = (text) => btoa(String.fromCodePoint(...new TextEncoder().encode(text)));

// Publishing: who, what, when, and one click that starts it once.

import { post } from "./api.js";
import { load, networkName, portrait } from "./brands.js";
import * as list from "./clip_list.js";
import { announce, byId, h, randomName, setText } from "./dom.js";
import { t } from "./words.js";
import * as when from "./when.js";

const form = byId("publish-form");
let brands = [];
let isSending = false;
let sent = { body: "", key: "" }; // the same wish has the same key, however often it is sent
let started = () => {};

export async function begin(onStarted) {
  started = onStarted;
  list.begin(check);
  when.begin(list.stories, check);
  form.addEventListener("submit", (submit) => { submit.preventDefault(); start(); });
  form.addEventListener("keydown", (key) => { // Enter in a field is no wish to publish
    if (key.key === "Enter" && key.target.tagName === "INPUT" && key.target.type !== "submit") key.preventDefault();
  });
  byId("on-failure").addEventListener("change", check);
  await showBrands();
}

async function showBrands() {
  setText(byId("who-problem"), "");
  try {
    brands = await load();
  } catch (objection) {
    byId("brands").replaceChildren(
      h("p", { class: "problem", role: "alert" }, objection.message),
      h("button", { type: "button", onclick: showBrands }, t("again")));
    return;
  }
  byId("brands").replaceChildren(...brands.map((brand, place) =>
    h("label", { class: "brand" },
      h("input", { type: "radio", name: "brand", value: brand.id, checked: place === 0, onchange: showNetworks }),
      portrait(brand),
      h("span", { class: "brand-text" }, h("b", {}, brand.label),
        h("small", {}, networksOf(brand).map(networkName).join(" · ") || "—")))));
  if (!brands.length) setText(byId("who-problem"), t("publish.noBrands"));
  showNetworks();
}

function showNetworks() {
  const brand = chosenBrand();
  if (!brand) return;
  const before = form.elements.network?.value;
  const networks = networksOf(brand);
  const kept = networks.includes(before) ? before : networks[0];
  byId("networks").replaceChildren(...networks.map((network) =>
    h("label", { class: "choice" },
      h("input", { type: "radio", name: "network", value: network, checked: network === kept, onchange: tellWhen }),
      h("span", {}, networkName(network)))));
  setText(byId("who-problem"), networks.length ? "" : t("publish.noNetwork"));
  tellWhen();
}

function tellWhen() {
  const brand = chosenBrand();
  when.isFor(String(brand.id), chosenNetwork(), brand.timezone);
}

const networksOf = (brand) =>
  [brand.hasFacebook && "facebook", brand.hasInstagram && "instagram"].filter(Boolean);
const chosenBrand = () =>
  brands.find((brand) => String(brand.id) === form.querySelector("[name=brand]:checked")?.value);
const chosenNetwork = () => form.querySelector("[name=network]:checked")?.value;

/** Say everything that is wrong at once, and let it be started when nothing is. */
function check() {
  const count = list.clips().length;
  const problems = list.fatalProblems() + (when.schedule() ? 0 : 1) + (chosenNetwork() ? 0 : 1);
  const button = byId("start");
  setText(button, isSending ? t("publish.starting") : t(when.mode() === "now" ? "publish.now" : "publish.schedule"));
  const unready = list.unready();
  button.disabled = isSending || !count || problems > 0 || unready > 0;
  const says = byId("preflight");
  says.dataset.state = !count ? "empty" : problems ? "wrong" : unready ? "waiting" : "ready";
  if (!count) setText(says, t("preflight.none"));
  else if (problems) setText(says, t(problems > 1 ? "preflight.problems" : "preflight.problem", { n: problems }));
  else if (unready) setText(says, t(unready > 1 ? "preflight.unready" : "preflight.unreadyOne", { n: unready }));
  else {
    const key = list.stories() === count ? "preflight.ready" : "preflight.readyCut";
    setText(says, t(key, { n: list.stories(), brand: chosenBrand().label, network: networkName(chosenNetwork()) }));
  }
}

function wish(clips) {
  return {
    posts: clips.map(({ url, upload, title }) => ({
      ...(upload ? { file: upload.id } : { url }), ...(title ? { text: title } : {}) })),
    schedule: when.schedule(),
    settings: { accountId: String(chosenBrand().id), network: chosenNetwork(),
      onFailure: byId("on-failure").checked ? "pause" : "continue" },
  };
}

async function start() {
  if (isSending || byId("start").disabled) return;
  const clips = list.clips();
  const body = wish(clips);
  const text = JSON.stringify(body);
  if (sent.body !== text) sent = { body: text, key: randomName() };
  isSending = true;
  check();
  try {
    const created = await post("/publish/stories", {}, { body, headers: { "Idempotency-Key": sent.key } });
    sent = { body: "", key: "" };
    list.takeOut(clips);
    announce(t("publish.started", { n: created.posts.total }));
    started(created);
  } catch (objection) {
    show(objection, clips);
  } finally {
    isSending = false;
    const words = byId("preflight").dataset.state === "said" ? byId("preflight").textContent : null;
    check();
    if (words) say(words);
  }
}

/** Put each objection of the server next to what it is about. */
function show(objection, clips) {
  let words = objection.status === 0 ? t("publish.lost") : objection.message;
  for (const { pointer, detail } of objection.errors) {
    const [, part, place, field] = pointer.split("/");
    const isGone = field === "file"; // it was ready when it was asked for
    if (part === "posts" && list.object(clips[place], isGone ? t("upload.gone") : detail)) {
      words = isGone ? t("preflight.problem") : objection.detail;
    }
    else if (part === "schedule") { when.object(detail); words = detail; }
    else words = detail;
  }
  say(words);
}

function say(words) {
  byId("preflight").dataset.state = "said";
  setText(byId("preflight"), words);
}

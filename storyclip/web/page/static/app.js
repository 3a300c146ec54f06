// The page put together: three views, one stream, and what is said aloud.

import { ask } from "./api.js";
import { card } from "./batch_card.js";
import { forgetAll } from "./begun_uploads.js";
import * as batches from "./batches.js";
import { brandName, load } from "./brands.js";
import { clipName, look } from "./clip_row.js";
import { announce, byId, setText } from "./dom.js";
import * as history from "./history.js";
import * as me from "./me.js";
import * as people from "./people.js";
import * as publish from "./publish.js";
import * as stalled from "./stalled.js";
import * as strangers from "./strangers.js";
import { t } from "./words.js";

const VIEWS = ["publish", "live", "history", "people"].filter(byId);
const TOLD = ["published", "failed", "unconfirmed"]; // of a clip; more would be chatter
const cards = new Map();
const begunHere = new Set(); // batches: whoever began one is shown it, even if it was over in no time
const mayPublish = byId("main").dataset.mayPublish === "yes";
const ARRIVING_MS = 5000; // by then who came back is shown what runs, or has begun something else
const STAY_MS = 60_000; // a session idles out where nobody looks at the page
let wasChosen = Boolean(location.hash);

function view() {
  const wanted = location.hash.slice(1);
  return VIEWS.includes(wanted) ? wanted : mayPublish ? "publish" : "live";
}

function showView({ isMove }) {
  const current = view();
  for (const name of VIEWS) byId(name).hidden = name !== current;
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${byId(`${current}-title`).textContent} · StoryClip`;
  if (current === "history") history.show();
  if (current === "people") people.show();
  if (isMove) {
    byId("main").focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

function onChange(batch, event) {
  showCard(batch);
  history.changed(batch);
  showCount();
  if (event) speak(batch, event);
  if (["paused", "resumed"].includes(event?.type)) strangers.look();
  if (!wasChosen && batches.running().length) { // come back: what runs is what one came for
    wasChosen = true;
    location.replace("#live");
  }
}

function showCard(batch) {
  let one = cards.get(batch.batchId);
  if (!one) {
    if (!batches.RUNNING.includes(batch.status) && !begunHere.has(batch.batchId)) return;
    one = card();
    cards.set(batch.batchId, one);
    byId("live-batches").prepend(one.element);
  }
  one.show(batch);
}

function showCount() {
  const count = batches.running().length;
  byId("live-count").hidden = !count;
  setText(byId("live-count"), String(count));
  byId("live-empty").hidden = cards.size > 0;
}

function speak(batch, event) {
  const brand = brandName(batch.accountId);
  if (!batches.RUNNING.includes(batch.status)) {
    announce(t("news.done", { brand, published: batch.posts.published, total: batch.posts.total }));
  } else if (event.clip && TOLD.includes(look(event.clip))) {
    announce(t("news.clip", { brand, name: clipName(event.clip), state: t(`clip.${look(event.clip)}`) }));
  }
}

function onState(state, reason) {
  const line = byId("line");
  line.dataset.state = state;
  line.title = reason ?? "";
  setText(line, t(`line.${state}`));
  if (state === "live") showCount();
  if (state === "refused") location.reload(); // the session is over: to the door
}

function tick() {
  for (const one of cards.values()) one.tick();
  history.tick();
  stalled.show(batches.running());
}

async function begin() {
  const choose = () => { wasChosen = true; };
  for (const sign of ["pointerdown", "keydown"]) addEventListener(sign, choose, { once: true });
  setTimeout(choose, ARRIVING_MS);
  addEventListener("hashchange", () => { wasChosen = true; showView({ isMove: true }); });
  byId("signout").addEventListener("click", async () => {
    await ask("DELETE", "/session");
    forgetAll();
    location.assign("/");
  });
  history.begin();
  me.begin();
  if (VIEWS.includes("people")) people.begin();
  if (!mayPublish) document.querySelector("[data-view=publish]").hidden = true;
  showView({ isMove: false });
  const named = load().catch(() => []); // the form shows why; names are numbers until then
  if (mayPublish) publish.begin((created) => {
    wasChosen = true;
    begunHere.add(created.batchId);
    batches.refresh(created.batchId);
    location.hash = "#live";
  });
  await named;
  strangers.begin(() => cards.forEach((one, batchId) => one.show(batches.known(batchId))));
  strangers.look();
  batches.begin(onChange, onState);
  setInterval(tick, 1000);
  setInterval(() => {
    if (!document.hidden) ask("GET", "/session").catch(() => {}); // the stream says what is wrong
  }, STAY_MS);
}

begin();

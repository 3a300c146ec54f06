// Asks, sends and reads as the page of the earlier service did, from an origin of its own.
"use strict";

const { api, key, text } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const METRICOOL = `${api}/api/metricool`;
const byId = (id) => document.getElementById(id);
let batchId = null;

async function call(path, options = {}) {
  const answer = await fetch(METRICOOL + path, {
    ...options,
    headers: { "Content-Type": "application/json", "X-Api-Key": key, "X-Tenant": "creators" },
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

function list(id, lines) {
  byId(id).replaceChildren(
    ...lines.map((line) => Object.assign(document.createElement("li"), { textContent: line })),
  );
}

const tell = (error) =>
  byId("errors").append(Object.assign(document.createElement("li"), { textContent: error }));

async function showBrands() {
  const { brands } = await call("/brands");
  const connected = brands.filter((brand) => brand.facebook);
  byId("brand").replaceChildren(
    ...connected.map((brand) => new Option(`${brand.label} (${brand.facebook})`, brand.id)),
  );
}

async function showActive() {
  const { batches } = await call("/batches/active");
  list("active", batches.map((one) => `${one.batchId} ${one.clips.map((clip) => clip.id)}`));
}

async function showBatch() {
  const { batch } = await call(`/batch/${batchId}`);
  byId("status").textContent = batch.status;
  list("clips", batch.clips.map((clip) => `${clip.status} ${clip.title.length}`));
}

async function publish() {
  const posts = [1, 2, 3].map((n) => ({
    id: `clip_${n}`,
    url: `https://cdn.example.com/${byId("brand").value}/${n}.mp4`,
    text: (text || "x").repeat(1500),
  }));
  const settings = { metricoolAccountId: byId("brand").value, publishSpeed: "fast" };
  const body = { jobId: null, posts, schedule: null, settings };
  const created = await call("/publish/stories", { method: "POST", body: JSON.stringify(body) });
  batchId = created.batchId;
  await showActive();
  await follow();
}

async function follow() {
  const { ticket } = await call("/stream-ticket", { method: "POST", body: "{}" });
  const source = new EventSource(`${METRICOOL}/stream?batchId=${batchId}&ticket=${ticket}`);
  source.onmessage = async (message) => {
    const event = JSON.parse(message.data);
    byId("bar").textContent = `${event.published}/${event.total}`;
    if (event.type === "error") tell(event.error);
    if (["completed", "error", "cancelled"].includes(event.type)) source.close();
    await showBatch();
  };
}

async function lookNow() {
  const status = await call(`/reconcile/${batchId}`);
  byId("status").textContent = `looked: ${status.status}`;
  list("clips", status.clips.map((clip) => `${clip.status} ${clip.title.length}`));
}

byId("publish").onclick = () => publish().catch((failure) => tell(failure.message));
byId("look").onclick = () => lookNow().catch((failure) => tell(failure.message));
showBrands().catch((failure) => tell(failure.message));

// Files of this device come in: dropped anywhere on the form, or chosen; lists of links too.

import { announce, byId, setText } from "./dom.js";
import { t } from "./words.js";

const LISTS = /\.(csv|json|txt)$/i;
const MEDIA = /^(video|image)\//;
const NAMED = /\.(mp4|m4v|mov|mkv|webm|avi|mts|m2ts|ts|3gp|mpe?g|wmv|flv|jpe?g|png|webp|hei[cf])$/i;

/** Begin to take files; `onMedia(files)` gets videos and pictures, `onList(file)` a list of links. */
export function begin({ onMedia, onList }) {
  const zone = byId("drop");
  const take = (files) => sort([...files], onMedia, onList);
  byId("media").addEventListener("change", (picked) => {
    take(picked.target.files);
    picked.target.value = "";
  });
  const isOverUs = (drag) => drag.dataTransfer?.types.includes("Files");
  const mayDrop = () => !byId("publish").hidden;
  for (const kind of ["dragenter", "dragover"]) {
    addEventListener(kind, (drag) => {
      if (!isOverUs(drag)) return;
      drag.preventDefault(); // else the browser opens the file, and the page with its list is gone
      drag.dataTransfer.dropEffect = mayDrop() ? "copy" : "none";
      zone.classList.toggle("over", mayDrop());
    });
  }
  addEventListener("dragleave", (drag) => {
    if (!drag.relatedTarget) zone.classList.remove("over");
  });
  addEventListener("drop", (drop) => {
    if (!isOverUs(drop)) return;
    drop.preventDefault();
    zone.classList.remove("over");
    if (mayDrop()) take(drop.dataTransfer.files);
  });
}

function sort(files, onMedia, onList) {
  const lists = files.filter((file) => LISTS.test(file.name));
  const media = files.filter((file) => MEDIA.test(file.type) || NAMED.test(file.name));
  const others = files.filter((file) => !lists.includes(file) && !media.includes(file));
  const empty = media.filter((file) => file.size === 0);
  const said = [
    ...others.map((file) => t("upload.notMedia", { name: file.name })),
    ...empty.map((file) => t("upload.empty", { name: file.name })),
  ];
  setText(byId("drop-problem"), said.join("\n"));
  const whole = media.filter((file) => file.size > 0);
  if (whole.length) {
    onMedia(whole);
    announce(t("upload.added", { n: whole.length }));
  }
  lists.forEach(onList);
}

// Which files of this device were begun, so that one that is chosen again goes on where it was.

const KEPT = "storyclip.uploads";
const MOST = 100;

/** Return where a file may be already; null where that is unknown, or somebody has it in hand. */
export function known(file, taken) {
  const address = Object.fromEntries(read())[nameOf(file)] ?? null;
  return taken.includes(address) ? null : address;
}

/** Keep where a file is; null forgets it. */
export function remember(file, address) {
  const others = read().filter(([name]) => name !== nameOf(file));
  const all = address ? [...others, [nameOf(file), address]] : others;
  try {
    localStorage.setItem(KEPT, JSON.stringify(all.slice(-MOST)));
  } catch {
    // a private window, or no room: then it is sent anew
  }
}

/** Forget them all: the next person at this browser need not know what was chosen here. */
export function forgetAll() {
  localStorage.removeItem(KEPT);
}

/** Another version of a file has another time or size. */
const nameOf = (file) => [file.name, file.size, file.lastModified].join("/");

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? [];
  } catch {
    return [];
  }
}

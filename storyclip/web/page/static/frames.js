// Frames of a file as the service keeps them: along a video, side by side in one picture.

const FRAMES = 12;

/** Return which frames lie in a span of a video, in seconds; the nearest where none does. */
export function framesIn({ facts }, from, to) {
  const places = Array.from({ length: FRAMES }, (_, place) => place);
  const within = places.filter((place) => {
    const at = (facts.seconds * (place + 0.5)) / FRAMES;
    return at >= from && at < to;
  });
  if (within.length) return within;
  const nearest = Math.floor((FRAMES * (from + to)) / 2 / facts.seconds);
  return [Math.min(FRAMES - 1, Math.max(0, nearest))];
}

/** Show a frame of a file on an element; its poster for the first, which is the finer picture. */
export function showFrame(element, { strip, poster }, place) {
  const isPoster = !strip || place === 0;
  const picture = isPoster ? poster : strip;
  element.style.backgroundImage = picture ? `url("${picture}")` : "";
  element.style.backgroundSize = isPoster ? "cover" : `${FRAMES * 100}% 100%`;
  element.style.backgroundPosition = isPoster ? "center" : `${(place / (FRAMES - 1)) * 100}% 0`;
}

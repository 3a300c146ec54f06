// Where a video is cut: how far a mark may move, and what it becomes. No page in here.

const LEAST_S = 3; // of a piece
const MOST_S = 60;
const MOST_MARKS = 99;

/** Return the start and end of each piece, in seconds. */
export const piecesOf = (marks, length) => [0, ...marks].map((start, place) => [start, marks[place] ?? length]);

/** Return between which seconds a mark may stand, so that both pieces beside it stay in bounds. */
export function boundsOf(marks, place, length) {
  const before = marks[place - 1] ?? 0;
  const after = marks[place + 1] ?? length;
  return { least: Math.max(before + LEAST_S, after - MOST_S), most: Math.min(before + MOST_S, after - LEAST_S) };
}

/** Return the marks with one of them moved, as far as it may. */
export function moved(marks, place, wanted, length) {
  const { least, most } = boundsOf(marks, place, length);
  const at = Math.min(Math.max(Math.round(wanted * 10) / 10, least), most);
  return marks.with(place, Math.round(at * 1000) / 1000);
}

/** Return the marks with one more in the middle of the longest piece, and its place; null without room. */
export function added(marks, length) {
  const pieces = piecesOf(marks, length);
  const spans = pieces.map(([start, end]) => end - start);
  const place = spans.indexOf(Math.max(...spans));
  if (spans[place] < 2 * LEAST_S || marks.length >= MOST_MARKS) return null;
  const middle = Math.round(pieces[place][0] * 1000 + spans[place] * 500) / 1000;
  return { marks: marks.toSpliced(place, 0, middle), place };
}

/** Return the marks without one; null where the two pieces are too long to be one. */
export function removed(marks, place, length) {
  if (!(place in marks)) return null;
  const span = (marks[place + 1] ?? length) - (marks[place - 1] ?? 0);
  return span > MOST_S ? null : marks.toSpliced(place, 1);
}

// Columns and rows are counted from 0 inside, A1 is { col: 0, row: 0 }.

export const MAX_COLS = 702; // A to ZZ
export const MAX_ROWS = 9999;

/** "A" -> 0, "AB" -> 27 */
export function colIndex(name) {
  let n = 0;
  for (const c of name.toUpperCase()) n = n * 26 + (c.charCodeAt(0) - 64);
  return n - 1;
}

/** 27 -> "AB" */
export function colName(index) {
  let name = "";
  for (let n = index + 1; n > 0; n = Math.floor((n - 1) / 26)) {
    name = String.fromCharCode(65 + ((n - 1) % 26)) + name;
  }
  return name;
}

export function inSheet(col, row) {
  return col >= 0 && col < MAX_COLS && row >= 0 && row < MAX_ROWS;
}

/** "B3" -> { col: 1, row: 2 }; null when that is no address */
export function parseAddress(text) {
  const match = /^([A-Za-z]{1,2})([1-9]\d{0,3})$/.exec(text);
  if (!match) return null;
  const col = colIndex(match[1]);
  const row = Number(match[2]) - 1;
  return inSheet(col, row) ? { col, row } : null;
}

export function formatAddress({ col, row }) {
  return `${colName(col)}${row + 1}`;
}

/** "A1:B3" or "A1" -> { from, to }; null when it is neither */
export function parseArea(text) {
  const [a, b = a, ...more] = text.split(":");
  const from = parseAddress(a);
  const to = parseAddress(b);
  if (!from || !to || more.length > 0) return null;
  return { from, to };
}

/** The corners of an area in order: the first is the upper left one. */
export function bounds({ from, to }) {
  return {
    left: Math.min(from.col, to.col),
    top: Math.min(from.row, to.row),
    right: Math.max(from.col, to.col),
    bottom: Math.max(from.row, to.row),
  };
}

/** All addresses of an area, row by row. */
export function* cellsOf(area) {
  const { left, top, right, bottom } = bounds(area);
  for (let row = top; row <= bottom; row++) {
    for (let col = left; col <= right; col++) yield { col, row };
  }
}

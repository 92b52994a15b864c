// Dates are whole days since 1970-01-01, which makes them easy to count with.
const DAY = 24 * 60 * 60 * 1000;

/** "2026-03-02" -> 20514; null when that is not a date */
export function parseDate(text) {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return null;
  const [year, month, day] = match.slice(1).map(Number);
  const time = Date.UTC(year, month - 1, day);
  return formatDate(time / DAY) === text ? time / DAY : null;
}

export function formatDate(day) {
  return new Date(day * DAY).toISOString().slice(0, 10);
}

/** 0 is Monday */
export function weekday(day) {
  return (((day + 3) % 7) + 7) % 7;
}

/** The number of the week, for the head of the bars. */
export function weekNumber(day) {
  const year = new Date(day * DAY).getUTCFullYear();
  const first = Date.UTC(year, 0, 1) / DAY;
  return Math.floor((day - first + weekday(first)) / 7) + 1;
}

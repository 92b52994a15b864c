/** "07:05" -> 425 */
export function toMinutes(text) {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text);
  if (!match || Number(match[1]) > 23 || Number(match[2]) > 59) {
    throw new RangeError(`not a time: ${text}`);
  }
  return Number(match[1]) * 60 + Number(match[2]);
}

/** 425 -> "07:05" */
export function toText(minutes) {
  const m = ((minutes % 1440) + 1440) % 1440;
  const pad = (n) => String(n).padStart(2, "0");
  return `${pad(Math.floor(m / 60))}:${pad(m % 60)}`;
}

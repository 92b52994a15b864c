const DAYS_IN = { d: 1, w: 5 };

/** "3d" -> 3, "2w" -> 10 working days; null when that is not a duration */
export function parseDuration(text) {
  const match = /^([1-9]\d*)([dw])$/.exec(text);
  return match ? Number(match[1]) * DAYS_IN[match[2]] : null;
}

/** 10 -> "2w", 7 -> "7d" */
export function formatDuration(days) {
  return days > 0 && days % 5 === 0 ? `${days / 5}w` : `${days}d`;
}

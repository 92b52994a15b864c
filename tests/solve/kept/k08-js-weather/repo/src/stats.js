export function mean(numbers) {
  return numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
}

/** The strongest and the mean wind of all stations. */
export function windSummary(stations) {
  const speeds = stations.map((station) => station.wind);
  return { strongest: Math.max(...speeds), mean: mean(speeds) };
}

export function temperatureRange(stations) {
  const temps = stations.map((station) => station.temp).filter((t) => typeof t === "number");
  if (temps.length === 0) return null;
  return { low: Math.min(...temps), high: Math.max(...temps) };
}

const WARNINGS = [
  [24.5, "storm"],
  [17.2, "gale"],
  [10.8, "small craft"],
];

/** The warning for a wind of that speed, or null. */
export function warning(speed) {
  const found = WARNINGS.find(([limit]) => speed >= limit);
  return found ? found[1] : null;
}

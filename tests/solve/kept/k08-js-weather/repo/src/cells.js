import { compass } from "./compass.js";

// What stands in a cell of the table when there is no reading.
export const NOTHING = "-";

export function tempCell(station) {
  if (station.temp === null || station.temp === undefined) return NOTHING;
  const text = station.temp.toFixed(1);
  return text === "-0.0" ? "0.0" : text;
}

export function windCell(station) {
  const speed = station.wind.toFixed(1);
  return station.wind < 0.5 ? `${speed} calm` : `${speed} ${compass(station.direction)}`;
}

export function pressureCell(station) {
  return String(Math.round(station.pressure));
}

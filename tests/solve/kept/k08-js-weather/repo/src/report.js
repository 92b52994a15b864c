import { pressureCell, tempCell, windCell } from "./cells.js";
import { temperatureRange, warning, windSummary } from "./stats.js";

const HEAD = ["station", "temp", "wind", "hPa"];

function pad(rows) {
  const widths = HEAD.map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd());
}

export function tableLines(stations) {
  const rows = stations.map((s) => [s.name, tempCell(s), windCell(s), pressureCell(s)]);
  return pad([HEAD, ...rows]);
}

export function footerLines(stations) {
  const lines = [];
  const range = temperatureRange(stations);
  if (range) lines.push(`temperature ${range.low.toFixed(1)} to ${range.high.toFixed(1)}`);
  const wind = windSummary(stations);
  lines.push(`wind mean ${wind.mean.toFixed(1)}, strongest ${wind.strongest.toFixed(1)}`);
  const word = warning(wind.strongest);
  if (word) lines.push(`*** ${word} warning ***`);
  return lines;
}

export function report(stations) {
  return [...tableLines(stations), "", ...footerLines(stations)].join("\n");
}

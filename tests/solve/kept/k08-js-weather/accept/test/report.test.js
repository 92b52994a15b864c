import test from "node:test";
import assert from "node:assert/strict";
import { footerLines, tableLines } from "../src/report.js";
import { tempCell, windCell } from "../src/cells.js";
import { warning } from "../src/stats.js";

const stations = [
  { name: "Skerry Light", temp: 7.42, wind: 11.3, direction: 225, pressure: 1009.2 },
  { name: "Old Pier", temp: null, wind: 6, direction: 200, pressure: 1009.8 },
];

test("table", () => {
  assert.deepEqual(tableLines(stations), [
    "station       temp  wind     hPa",
    "Skerry Light  7.4   11.3 SW  1009",
    "Old Pier      -     6.0 S    1010",
  ]);
});

test("footer", () => {
  assert.deepEqual(footerLines(stations), [
    "temperature 7.4 to 7.4",
    "wind mean 8.7, strongest 11.3",
    "*** small craft warning ***",
  ]);
});

test("cells", () => {
  assert.equal(tempCell({ temp: -0.01 }), "0.0");
  assert.equal(tempCell({}), "-");
  assert.equal(windCell({ wind: 0.2, direction: 10 }), "0.2 calm");
});

test("warnings", () => {
  assert.equal(warning(30), "storm");
  assert.equal(warning(17.2), "gale");
  assert.equal(warning(3), null);
});

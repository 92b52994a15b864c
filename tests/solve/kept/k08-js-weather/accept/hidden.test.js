import test from "node:test";
import assert from "node:assert/strict";
import { footerLines, report, tableLines } from "./src/report.js";

const a = { name: "Skerry Light", temp: 7.42, wind: 11.3, direction: 225, pressure: 1009.2 };
const none = { name: "Old Pier", temp: 6, pressure: 1009.8 };
const nul = { name: "Mill", temp: 5, wind: null, direction: null, pressure: 1009.8 };
const calm = { name: "North Farm", temp: 6.05, wind: 0, direction: 190, pressure: 1010.1 };

test("the cell of a station without a wind sensor", () => {
  assert.deepEqual(tableLines([a, none, nul, calm]), [
    "station       temp  wind      hPa",
    "Skerry Light  7.4   11.3 SW   1009",
    "Old Pier      6.0   -         1010",
    "Mill          5.0   -         1010",
    "North Farm    6.0   0.0 calm  1010",
  ]);
});

test("it does not count in the footer", () => {
  assert.deepEqual(footerLines([a, none, nul]).slice(1), ["wind mean 11.3, strongest 11.3", "*** small craft warning ***"]);
  assert.deepEqual(footerLines([a, none, nul, calm]).slice(1, 2), ["wind mean 5.7, strongest 11.3"]);
});

test("no NaN anywhere", () => {
  assert.doesNotMatch(report([a, none, nul, calm]), /NaN|undefined|Infinity|null/);
});

test("nobody measures wind: no wind line", () => {
  assert.deepEqual(footerLines([none, nul]), ["temperature 5.0 to 6.0"]);
});

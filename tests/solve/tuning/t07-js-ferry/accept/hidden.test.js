import test from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { arrival, checkInEnds, departures, nextPossible } from "./src/timetable.js";
import { boardLines } from "./src/board.js";

test("cars 25 minutes before", () => {
  assert.equal(checkInEnds("07:35", "car"), "07:10");
  assert.equal(nextPossible("07:10", "car"), "07:35");
  assert.equal(nextPossible("07:11", "car"), "08:55");
  assert.deepEqual(boardLines("20:00"), ["20:55  arrives 21:20  cars until 20:30"]);
});

test("the others as before", () => {
  assert.equal(checkInEnds("07:35", "foot"), "07:30");
  assert.equal(checkInEnds("07:35", "bicycle"), "07:25");
  assert.equal(checkInEnds("07:35", "lorry"), "06:55");
  assert.deepEqual(departures().slice(0, 3), ["06:15", "07:35", "08:55"]);
  assert.equal(arrival("06:15"), "06:40");
});

test("the README too", () => {
  const rows = readFileSync("README.md", "utf8").split("\n").filter((line) => /\bcars\b/i.test(line)).join("\n");
  assert.match(rows, /\b25\b/);
  assert.doesNotMatch(rows, /\b15\b/);
});

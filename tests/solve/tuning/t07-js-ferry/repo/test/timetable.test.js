import test from "node:test";
import assert from "node:assert/strict";
import { toMinutes, toText } from "../src/clock.js";
import { arrival, checkInEnds, departures, nextDepartures, nextPossible } from "../src/timetable.js";
import { boardLines } from "../src/board.js";

test("clock", () => {
  assert.equal(toMinutes("07:05"), 425);
  assert.equal(toText(425), "07:05");
  assert.equal(toText(-5), "23:55");
  assert.throws(() => toMinutes("25:00"), RangeError);
});

test("departures", () => {
  assert.deepEqual(departures().slice(0, 3), ["06:15", "07:35", "08:55"]);
  assert.equal(departures().at(-1), "20:55");
  assert.deepEqual(nextDepartures("20:00"), ["20:55"]);
  assert.equal(arrival("06:15"), "06:40");
});

test("check-in on foot", () => {
  assert.equal(checkInEnds("07:35", "foot"), "07:30");
  assert.equal(nextPossible("07:30", "foot"), "07:35");
  assert.equal(nextPossible("07:31", "foot"), "08:55");
  assert.equal(nextPossible("22:00", "foot"), null);
  assert.throws(() => checkInEnds("07:35", "horse"), RangeError);
});

test("the board after the last boat", () => {
  assert.deepEqual(boardLines("22:00"), ["No more boats today."]);
});

import test from "node:test";
import assert from "node:assert/strict";
import { formatDate, parseDate, weekNumber, weekday } from "../src/dates.js";

test("dates there and back", () => {
  assert.equal(formatDate(parseDate("2024-02-29")), "2024-02-29");
  assert.equal(parseDate("2026-02-29"), null);
  assert.equal(weekday(parseDate("2026-03-02")), 0);
});

test("week numbers", () => {
  assert.equal(weekNumber(parseDate("2026-01-01")), 1);
  assert.equal(weekNumber(parseDate("2026-03-02")), 10);
});

"use strict";

const assert = require("node:assert/strict");
const { nthWeekday, weekday, daysInMonth } = require("./lib/dates");
const { daysFor } = require("./lib/calendar");

assert.deepEqual(daysFor("第1・第3火", 2026, 9), [1, 15]);
assert.deepEqual(daysFor("第5火", 2026, 9), [29]);
assert.deepEqual(daysFor("第5水", 2026, 9), [30]);
assert.deepEqual(daysFor("第5木", 2026, 9), []);
for (const [year, month] of [[2026, 9], [2026, 10], [2024, 2], [2026, 2], [2025, 12], [2026, 3]]) {
  for (let w = 0; w < 7; w++) {
    const all = [];
    for (let d = 1; d <= daysInMonth(year, month); d++) if (weekday(year, month, d) === w) all.push(d);
    for (let n = 1; n <= 5; n++) assert.equal(nthWeekday(year, month, n, w), all[n - 1] ?? null, `${year}/${month} ${n} ${w}`);
  }
}
console.log("ok");

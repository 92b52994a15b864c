"use strict";

const assert = require("node:assert/strict");
const { daysInMonth, nthWeekday, weekday } = require("../lib/dates");
const { parseWhen } = require("../lib/rules");
const { daysFor, planLines } = require("../lib/calendar");

assert.equal(daysInMonth(2024, 2), 29);
assert.equal(weekday(2026, 10, 1), 4);

// 2026年10月は木曜日から
assert.equal(nthWeekday(2026, 10, 1, 5), 2);
assert.equal(nthWeekday(2026, 10, 1, 3), 7);
assert.equal(nthWeekday(2026, 10, 5, 3), null);
assert.equal(nthWeekday(2026, 10, 5, 6), 31);

assert.deepEqual(parseWhen("毎週月・木"), { every: [1, 4] });
assert.deepEqual(parseWhen("第1・第3火"), { nth: [1, 3], weekday: 2 });
assert.throws(() => parseWhen("ときどき"), SyntaxError);
assert.throws(() => parseWhen("毎週犬"), RangeError);

assert.deepEqual(daysFor("第2・第4水", 2026, 10), [14, 28]);
assert.deepEqual(daysFor("毎週日", 2026, 10), [4, 11, 18, 25]);

assert.deepEqual(planLines([{ kind: "資源", when: "第2水" }, { kind: "びん", when: "第2水" }], 2026, 10), [
  "10/14（水） 資源、びん",
]);

console.log("ok");

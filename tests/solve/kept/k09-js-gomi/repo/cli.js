"use strict";

const { planLines } = require("./lib/calendar");
const rules = require("./rules.json");

const [year, month] = process.argv.slice(2).map(Number);
if (!year || !(month >= 1 && month <= 12)) {
  console.error("使い方: node cli.js 年 月");
  process.exit(2);
}
for (const line of planLines(rules, year, month)) console.log(line);

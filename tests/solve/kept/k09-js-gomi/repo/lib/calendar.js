"use strict";

const { WEEKDAYS, daysInMonth, nthWeekday, weekday } = require("./dates");
const { parseWhen } = require("./rules");

function daysFor(when, year, month) {
  const rule = parseWhen(when);
  if (rule.every) {
    const days = [];
    for (let day = 1; day <= daysInMonth(year, month); day++) {
      if (rule.every.includes(weekday(year, month, day))) days.push(day);
    }
    return days;
  }
  return rule.nth.map((n) => nthWeekday(year, month, n, rule.weekday)).filter((day) => day !== null);
}

// 一か月の予定: [{ day, kinds }] を日付の順に。
function monthPlan(rules, year, month) {
  const plan = new Map();
  for (const { kind, when } of rules) {
    for (const day of daysFor(when, year, month)) {
      if (!plan.has(day)) plan.set(day, []);
      plan.get(day).push(kind);
    }
  }
  return [...plan].map(([day, kinds]) => ({ day, kinds })).sort((a, b) => a.day - b.day);
}

function planLines(rules, year, month) {
  return monthPlan(rules, year, month).map(
    ({ day, kinds }) => `${month}/${day}（${WEEKDAYS[weekday(year, month, day)]}） ${kinds.join("、")}`
  );
}

module.exports = { daysFor, monthPlan, planLines };

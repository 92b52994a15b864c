"use strict";

const WEEKDAYS = "日月火水木金土";

function daysInMonth(year, month) {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

// 0 が日曜日
function weekday(year, month, day) {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay();
}

function weekdayNumber(name) {
  const n = WEEKDAYS.indexOf(name);
  if (n === -1 || name.length !== 1) throw new RangeError(`曜日がわかりません: ${name}`);
  return n;
}

// その月の nth 回目の曜日が何日か。なければ null。
function nthWeekday(year, month, nth, wanted) {
  const first = weekday(year, month, 1);
  let day = 1 + wanted - first;
  if (day <= 1) day += 7;
  day += (nth - 1) * 7;
  return day <= daysInMonth(year, month) ? day : null;
}

module.exports = { WEEKDAYS, daysInMonth, weekday, weekdayNumber, nthWeekday };

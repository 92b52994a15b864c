"use strict";

const { weekdayNumber } = require("./dates");

// 「毎週月・木」「第1・第3火」を読む。
function parseWhen(text) {
  const weekly = /^毎週(.+)$/.exec(text);
  if (weekly) return { every: weekly[1].split("・").map(weekdayNumber) };

  const nth = /^((?:第[1-5]・?)+)(.)$/.exec(text);
  if (nth) {
    const numbers = nth[1].match(/[1-5]/g).map(Number);
    return { nth: numbers, weekday: weekdayNumber(nth[2]) };
  }
  throw new SyntaxError(`読めない決まりです: ${text}`);
}

module.exports = { parseWhen };

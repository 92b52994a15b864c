import { DIV0, VALUE } from "../errors.js";
import { compare, isError, readValue, toNumber, toText } from "../values.js";
import { flat, isArea, numbers, single } from "./args.js";

const number = (arg) => toNumber(single(arg));

function sum(list) {
  return list.reduce((total, n) => total + n, 0);
}

function round(x, digits) {
  const factor = 10 ** digits;
  const scaled = Math.abs(x) * factor;
  // 1.005 is a little less than it looks
  return (Math.sign(x) * Math.round(scaled + scaled * Number.EPSILON)) / factor;
}

/** A test like ">=5", "<>x" or 7, as a function of a value. */
function criterion(test) {
  const match = /^(<=|>=|<>|<|>|=)?(.*)$/s.exec(toText(test));
  const wanted = readValue(match[2]);
  const of = {
    "<": (c) => c < 0, ">": (c) => c > 0, "<=": (c) => c <= 0, ">=": (c) => c >= 0, "=": (c) => c === 0, "<>": (c) => c !== 0,
  }[match[1] ?? "="];
  const inverse = match[1] === "<>";
  return (value) => {
    if (isError(value) || value === null || typeof value !== typeof wanted) return inverse;
    return of(compare(value, wanted));
  };
}

export const math = {
  SUM: (...args) => sum(numbers(args, toNumber)),
  AVERAGE: (...args) => {
    const list = numbers(args, toNumber);
    if (list.length === 0) throw DIV0;
    return sum(list) / list.length;
  },
  MIN: (...args) => Math.min(...numbers(args, toNumber), ...(numbers(args, toNumber).length === 0 ? [0] : [])),
  MAX: (...args) => Math.max(...numbers(args, toNumber), ...(numbers(args, toNumber).length === 0 ? [0] : [])),
  COUNT: (...args) => flat(args).filter((value) => typeof value === "number").length,
  ROUND: (x, digits = 0) => round(number(x), Math.trunc(number(digits))),
  ABS: (x) => Math.abs(number(x)),
  INT: (x) => Math.floor(number(x)),
  MOD: (x, y) => {
    const divisor = number(y);
    if (divisor === 0) throw DIV0;
    const rest = number(x) % divisor;
    return rest !== 0 && Math.sign(rest) !== Math.sign(divisor) ? rest + divisor : rest;
  },
  SQRT: (x) => {
    if (number(x) < 0) throw VALUE;
    return Math.sqrt(number(x));
  },
  POWER: (x, y) => number(x) ** number(y),
  COUNTIF: (area, test) => {
    if (!isArea(area)) throw VALUE;
    return area.flat().filter(criterion(single(test))).length;
  },
  SUMIF: (area, test, values = area) => {
    if (!isArea(area) || !isArea(values)) throw VALUE;
    const fits = criterion(single(test));
    const from = values.flat();
    return sum(area.flat().map((value, i) => (fits(value) && typeof from[i] === "number" ? from[i] : 0)));
  },
};

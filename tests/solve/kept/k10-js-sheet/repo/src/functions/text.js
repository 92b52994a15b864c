import { VALUE } from "../errors.js";
import { toNumber, toText } from "../values.js";
import { flat, single } from "./args.js";

const text = (arg) => toText(single(arg));

function count(arg) {
  const n = Math.trunc(toNumber(single(arg)));
  if (n < 0) throw VALUE;
  return n;
}

export const texts = {
  LEN: (t) => [...text(t)].length,
  UPPER: (t) => text(t).toUpperCase(),
  LOWER: (t) => text(t).toLowerCase(),
  TRIM: (t) => text(t).trim().replace(/ +/g, " "),
  LEFT: (t, n = 1) => [...text(t)].slice(0, count(n)).join(""),
  RIGHT: (t, n = 1) => {
    const all = [...text(t)];
    return all.slice(Math.max(0, all.length - count(n))).join("");
  },
  MID: (t, from, n) => {
    const start = count(from);
    if (start === 0) throw VALUE;
    return [...text(t)].slice(start - 1, start - 1 + count(n)).join("");
  },
  CONCAT: (...args) => flat(args).map(toText).join(""),
  REPT: (t, n) => text(t).repeat(count(n)),
  SUBSTITUTE: (t, from, to) => (text(from) === "" ? text(t) : text(t).split(text(from)).join(text(to))),
};

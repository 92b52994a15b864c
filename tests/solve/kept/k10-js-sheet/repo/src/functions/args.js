import { VALUE } from "../errors.js";
import { isError } from "../values.js";

// An argument is a value, or for an area a list of rows.
export const isArea = (arg) => Array.isArray(arg);

/** One value. An area of one cell is one too. */
export function single(arg) {
  if (!isArea(arg)) return arg;
  if (arg.length === 1 && arg[0].length === 1) return arg[0][0];
  throw VALUE;
}

/** All values, one after the other. */
export function flat(args) {
  return args.flatMap((arg) => (isArea(arg) ? arg.flat() : [arg]));
}

/** The numbers of areas, and the other arguments as numbers. Errors are thrown. */
export function numbers(args, toNumber) {
  const out = [];
  for (const arg of args) {
    if (!isArea(arg)) {
      out.push(toNumber(arg));
      continue;
    }
    for (const value of arg.flat()) {
      if (isError(value)) throw value;
      if (typeof value === "number") out.push(value);
    }
  }
  return out;
}

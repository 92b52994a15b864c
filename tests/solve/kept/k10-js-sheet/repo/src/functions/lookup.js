import { NA, REF, VALUE } from "../errors.js";
import { compare, isError, toNumber } from "../values.js";
import { isArea, single } from "./args.js";

function area(arg) {
  if (!isArea(arg)) throw VALUE;
  return arg;
}

function same(a, b) {
  return !isError(a) && a !== null && typeof a === typeof b && compare(a, b) === 0;
}

export const lookup = {
  VLOOKUP: (wanted, table, column) => {
    const x = single(wanted);
    const row = area(table).find((cells) => same(cells[0], x));
    if (!row) throw NA;
    const n = toNumber(single(column));
    if (n < 1 || n > row.length) throw REF;
    return row[n - 1];
  },
  MATCH: (wanted, list) => {
    const x = single(wanted);
    const at = area(list).flat().findIndex((value) => same(value, x));
    if (at === -1) throw NA;
    return at + 1;
  },
  INDEX: (table, row, column = 1) => {
    const value = area(table)[toNumber(single(row)) - 1]?.[toNumber(single(column)) - 1];
    if (value === undefined) throw REF;
    return value;
  },
  ROWS: (table) => area(table).length,
  COLUMNS: (table) => area(table)[0].length,
};

import { bounds } from "./address.js";
import { CellError, DIV0, NAME, VALUE } from "./errors.js";
import { single } from "./functions/args.js";
import { lazy, logic } from "./functions/logic.js";
import { lookup } from "./functions/lookup.js";
import { math } from "./functions/math.js";
import { texts } from "./functions/text.js";
import { compare, toNumber, toText } from "./values.js";

const FUNCTIONS = { ...math, ...texts, ...logic, ...lookup };

const OPERATORS = {
  "+": (a, b) => toNumber(a) + toNumber(b),
  "-": (a, b) => toNumber(a) - toNumber(b),
  "*": (a, b) => toNumber(a) * toNumber(b),
  "/": (a, b) => {
    const divisor = toNumber(b);
    if (divisor === 0) throw DIV0;
    return toNumber(a) / divisor;
  },
  "^": (a, b) => toNumber(a) ** toNumber(b),
  "&": (a, b) => toText(a) + toText(b),
  "=": (a, b) => compare(a, b) === 0,
  "<>": (a, b) => compare(a, b) !== 0,
  "<": (a, b) => compare(a, b) < 0,
  ">": (a, b) => compare(a, b) > 0,
  "<=": (a, b) => compare(a, b) <= 0,
  ">=": (a, b) => compare(a, b) >= 0,
};

function area(range, valueAt) {
  const { left, top, right, bottom } = bounds(range);
  const rows = [];
  for (let row = top; row <= bottom; row++) {
    const cells = [];
    for (let col = left; col <= right; col++) cells.push(valueAt(col, row));
    rows.push(cells);
  }
  return rows;
}

function call(node, valueAt) {
  const arg = (child) => (child.type === "range" ? area(child, valueAt) : work(child, valueAt));
  if (node.args === null) throw NAME;
  if (Object.hasOwn(lazy, node.name)) {
    if (node.args.length < 2) throw VALUE;
    return lazy[node.name](...node.args.map((child) => () => arg(child)));
  }
  if (!Object.hasOwn(FUNCTIONS, node.name)) throw NAME;
  const fn = FUNCTIONS[node.name];
  if (node.args.length < fn.length) throw VALUE;
  return fn(...node.args.map(arg));
}

function work(node, valueAt) {
  switch (node.type) {
    case "number":
    case "string":
    case "boolean":
      return node.value;
    case "error":
      throw node.error;
    case "ref":
      return valueAt(node.col, node.row);
    case "range":
      return single(area(node, valueAt));
    case "call":
      return call(node, valueAt);
    case "percent":
      return toNumber(work(node.arg, valueAt)) / 100;
    case "unary": {
      const value = toNumber(work(node.arg, valueAt));
      return node.op === "-" ? 0 - value : value;
    }
    case "binary":
      return OPERATORS[node.op](work(node.left, valueAt), work(node.right, valueAt));
    default:
      throw new TypeError(`unknown node: ${node.type}`);
  }
}

/** The value of a tree; what goes wrong is a value too. */
export function evaluate(tree, valueAt) {
  try {
    const value = work(tree, valueAt);
    if (Array.isArray(value)) return single(value);
    return typeof value === "number" && !Number.isFinite(value) ? VALUE : value;
  } catch (error) {
    if (error instanceof CellError) return error;
    throw error;
  }
}

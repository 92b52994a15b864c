import { formatAddress } from "./address.js";
import { BINDING, UNARY } from "./parse.js";

const TIGHT = 9;

function binding(node) {
  if (node.type === "binary") return BINDING[node.op];
  if (node.type === "unary") return UNARY;
  return TIGHT;
}

function wrapped(node, minimum) {
  const text = printFormula(node);
  return binding(node) < minimum ? `(${text})` : text;
}

/** A tree as a formula again (without the = in front). */
export function printFormula(node) {
  switch (node.type) {
    case "number":
      return String(node.value).replace("e", "E");
    case "string":
      return `"${node.value.replace(/"/g, '""')}"`;
    case "boolean":
      return node.value ? "TRUE" : "FALSE";
    case "error":
      return node.error.code;
    case "ref":
      return formatAddress(node);
    case "range":
      return `${formatAddress(node.from)}:${formatAddress(node.to)}`;
    case "call":
      return node.args === null ? node.name : `${node.name}(${node.args.map(printFormula).join(",")})`;
    case "percent":
      return `${wrapped(node.arg, TIGHT)}%`;
    case "unary":
      return `${node.op}${wrapped(node.arg, UNARY)}`;
    case "binary":
      // left to right: what stands on the right has to bind tighter
      return wrapped(node.left, BINDING[node.op]) + node.op + wrapped(node.right, BINDING[node.op] + 1);
    default:
      throw new TypeError(`unknown node: ${node.type}`);
  }
}

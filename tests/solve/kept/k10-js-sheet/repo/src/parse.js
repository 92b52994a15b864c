import { parseAddress } from "./address.js";
import { SYNTAX, REF, errorByCode } from "./errors.js";
import { tokenize } from "./tokenize.js";

// How tightly the operators bind, from loose to tight.
export const BINDING = {
  "=": 1, "<>": 1, "<": 1, ">": 1, "<=": 1, ">=": 1,
  "&": 2,
  "+": 3, "-": 3,
  "*": 4, "/": 4,
  "^": 6,
};
export const UNARY = 5;

/**
 * The nodes of the tree:
 *   { type: "number" | "string" | "boolean", value }
 *   { type: "error", error }
 *   { type: "ref", col, row }
 *   { type: "range", from: { col, row }, to: { col, row } }
 *   { type: "call", name, args }
 *   { type: "unary", op, arg }   { type: "percent", arg }
 *   { type: "binary", op, left, right }
 */
class Parser {
  constructor(tokens) {
    this.tokens = tokens;
    this.at = 0;
  }

  peek(text) {
    const token = this.tokens[this.at];
    return token !== undefined && token.type === "op" && token.text === text;
  }

  take(text) {
    if (!this.peek(text)) return false;
    this.at++;
    return true;
  }

  need(text) {
    if (!this.take(text)) throw SYNTAX;
  }

  expression(minimum = 0) {
    let left = this.prefix();
    for (;;) {
      const token = this.tokens[this.at];
      const binding = token?.type === "op" ? BINDING[token.text] : undefined;
      if (binding === undefined || binding <= minimum) return left;
      this.at++;
      left = { type: "binary", op: token.text, left, right: this.expression(binding) };
    }
  }

  prefix() {
    for (const op of ["-", "+"]) {
      if (this.take(op)) return { type: "unary", op, arg: this.expression(UNARY) };
    }
    let node = this.primary();
    while (this.take("%")) node = { type: "percent", arg: node };
    return node;
  }

  primary() {
    if (this.take("(")) {
      const inner = this.expression();
      this.need(")");
      return inner;
    }
    const token = this.tokens[this.at++];
    switch (token?.type) {
      case "number":
        return { type: "number", value: Number(token.text) };
      case "string":
        return { type: "string", value: token.text.slice(1, -1).replace(/""/g, '"') };
      case "error":
        return { type: "error", error: errorByCode(token.text) };
      case "ref":
        return this.reference(token);
      case "name":
        return this.name(token);
      default:
        throw SYNTAX;
    }
  }

  reference(token) {
    const from = parseAddress(token.text);
    if (!from) return { type: "error", error: REF };
    if (!this.take(":")) return { type: "ref", col: from.col, row: from.row };
    const end = this.tokens[this.at++];
    if (end?.type !== "ref") throw SYNTAX;
    const to = parseAddress(end.text);
    return to ? { type: "range", from, to } : { type: "error", error: REF };
  }

  name(token) {
    const name = token.text.toUpperCase();
    if (!this.take("(")) {
      if (name === "TRUE" || name === "FALSE") return { type: "boolean", value: name === "TRUE" };
      return { type: "call", name, args: null };
    }
    const args = [];
    if (!this.take(")")) {
      do args.push(this.expression());
      while (this.take(","));
      this.need(")");
    }
    return { type: "call", name, args };
  }
}

/** The tree of a formula (without the = in front). Throws #SYNTAX!. */
export function parseFormula(text) {
  const parser = new Parser(tokenize(text));
  const tree = parser.expression();
  if (parser.at < parser.tokens.length) throw SYNTAX;
  return tree;
}

// Values of cells: number, string, boolean, CellError, or null for an empty one.
import { CellError, VALUE } from "./errors.js";

export const isError = (value) => value instanceof CellError;

export function toNumber(value) {
  if (isError(value)) throw value;
  if (value === null) return 0;
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  const text = value.trim();
  if (text === "" || Number.isNaN(Number(text))) throw VALUE;
  return Number(text);
}

export function toText(value) {
  if (isError(value)) throw value;
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  return String(value);
}

export function toBoolean(value) {
  if (isError(value)) throw value;
  if (typeof value === "string") {
    const text = value.toUpperCase();
    if (text === "TRUE") return true;
    if (text === "FALSE") return false;
    throw VALUE;
  }
  return Boolean(value);
}

function rank(value) {
  if (typeof value === "number") return 0;
  return typeof value === "string" ? 1 : 2;
}

/** Below 0, 0 or above 0. Numbers come before texts, texts before TRUE and FALSE. */
export function compare(a, b) {
  if (isError(a)) throw a;
  if (isError(b)) throw b;
  if (a === null && b === null) return 0;
  if (a === null) a = typeof b === "string" ? "" : typeof b === "boolean" ? false : 0;
  if (b === null) b = typeof a === "string" ? "" : typeof a === "boolean" ? false : 0;
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (typeof a === "string") {
    const [x, y] = [a.toLowerCase(), b.toLowerCase()];
    return x < y ? -1 : x > y ? 1 : 0;
  }
  return Number(a) - Number(b);
}

/** What somebody typed into a cell, as a value. Formulas are not for this one. */
export function readValue(text) {
  if (text === "") return null;
  if (text.startsWith("'")) return text.slice(1);
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
  if (/^[+-]?(\d+\.?\d*|\.\d+)%$/.test(text)) return Number(text.slice(0, -1)) / 100;
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  return text;
}

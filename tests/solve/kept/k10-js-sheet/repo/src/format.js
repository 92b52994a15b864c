import { isError } from "./values.js";

const FORMAT = /^(#,##)?0(?:\.(0+))?(%)?$/;

export function isFormat(text) {
  return FORMAT.test(text);
}

function plain(n) {
  // 0.1+0.2 is not shown with all of its digits
  return String(Number(n.toPrecision(12)));
}

function withFormat(n, format) {
  const [, grouped, digits = "", percent = ""] = FORMAT.exec(format);
  let text = Math.abs(percent ? n * 100 : n).toFixed(digits.length);
  if (grouped) text = text.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ",");
  const negative = n < 0 && /[1-9]/.test(text);
  return (negative ? "-" : "") + text + percent;
}

/** A value as it is shown. */
export function display(value, format = null) {
  if (value === null) return "";
  if (isError(value)) return value.code;
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value === "string") return value;
  return format === null ? plain(value) : withFormat(value, format);
}

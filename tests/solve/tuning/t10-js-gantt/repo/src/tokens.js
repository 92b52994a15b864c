import { PlanError } from "./errors.js";

const TOKEN = /\s*(?:#.*|"([^"]*)"|(,)|([^\s,"#]+))/y;

/**
 * Cuts a line into words, commas and quoted strings; a comment ends it.
 * @returns {{ kind: "word" | "string" | "comma", text: string }[]}
 */
export function tokens(text, line) {
  const out = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length && text.slice(TOKEN.lastIndex).trim() !== "") {
    const match = TOKEN.exec(text);
    if (!match) throw new PlanError("the quotation mark is not closed", line);
    if (match[1] !== undefined) out.push({ kind: "string", text: match[1] });
    else if (match[2] !== undefined) out.push({ kind: "comma", text: "," });
    else if (match[3] !== undefined) out.push({ kind: "word", text: match[3] });
  }
  return out;
}

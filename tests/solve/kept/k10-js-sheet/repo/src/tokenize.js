import { SYNTAX } from "./errors.js";

const PATTERNS = [
  ["space", /\s+/y],
  ["number", /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ["string", /"(?:[^"]|"")*"/y],
  ["error", /#(?:DIV\/0!|NAME\?|REF!|VALUE!|CIRC!|SYNTAX!|N\/A)/y],
  ["ref", /[A-Za-z]{1,2}[1-9]\d{0,3}(?![A-Za-z0-9_(])/y],
  ["name", /[A-Za-z_][A-Za-z0-9_.]*/y],
  ["op", /<>|<=|>=|[-+*/^&=<>%(),:]/y],
];

/**
 * Cuts a formula (without the = in front) into tokens.
 * @param {string} text
 * @returns {{ type: string, text: string }[]}
 */
export function tokenize(text) {
  const out = [];
  let at = 0;
  while (at < text.length) {
    let found = null;
    for (const [type, pattern] of PATTERNS) {
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      if (match) {
        found = { type, text: match[0] };
        break;
      }
    }
    if (!found) throw SYNTAX;
    at += found.text.length;
    if (found.type !== "space") out.push(found);
  }
  return out;
}

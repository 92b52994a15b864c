// 一行の材料: 「名前 分量」。分量は「大さじ1/2」「300g」「少々」など。
const AMOUNT = /^([^\d]*)(\d+\/\d+|\d+(?:\.\d+)?)(.*)$/;

function toNumber(text) {
  if (!text.includes("/")) return Number(text);
  const [top, bottom] = text.split("/").map(Number);
  return top / bottom;
}

export function parseIngredient(line) {
  const at = line.lastIndexOf(" ");
  if (at === -1) throw new SyntaxError(`分量がありません: ${line}`);
  const name = line.slice(0, at).trim();
  const amount = line.slice(at + 1);
  const match = AMOUNT.exec(amount);
  if (!match) return { name, before: amount, value: null, after: "" };
  return { name, before: match[1], value: toNumber(match[2]), after: match[3] };
}

export function parseRecipe(text) {
  const lines = text.split("\n").map((line) => line.replace(/\u3000/g, " ").trim()).filter((line) => line !== "");
  const head = /^(.+)（(\d+)人分）$/.exec(lines[0] ?? "");
  if (!head) throw new SyntaxError("一行目は「料理名（4人分）」の形で書いてください");
  return { title: head[1], servings: Number(head[2]), ingredients: lines.slice(1).map(parseIngredient) };
}

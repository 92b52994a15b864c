import test from "node:test";
import assert from "node:assert/strict";
import { parseRecipe } from "./src/parse.js";
import { scaleRecipe } from "./src/scale.js";
import { formatRecipe, shoppingList } from "./src/format.js";

const at = (amount, from, to) => formatRecipe(scaleRecipe(parseRecipe(`x（${from}人分）\na ${amount}`), to)).split("\n")[1].slice(2);

test("小数", () => {
  for (const [amount, from, to, want] of [
    ["0.1g", 1, 3, "0.3g"], ["1個", 3, 1, "0.33個"], ["2個", 3, 1, "0.67個"], ["大さじ1/3", 2, 2, "大さじ0.33"],
    ["大さじ1/2", 4, 6, "大さじ0.75"], ["300g", 4, 4, "300g"], ["100g", 1, 10, "1000g"], ["2.5本", 1, 1, "2.5本"],
    ["0.7L", 1, 3, "2.1L"], ["10個", 3, 3, "10個"], ["少々", 2, 6, "少々"], ["0.5箱", 1, 2, "1箱"],
  ]) assert.equal(at(amount, from, to), want, `${amount} ${from} ${to}`);
});

test("買い物メモも", () => {
  const recipe = scaleRecipe(parseRecipe("x（3人分）\n卵 1個\n油 大さじ0.6\n塩 少々\n粉 100g"), 1);
  assert.equal(shoppingList(recipe), "・卵（0.33個）\n・油（大さじ0.2）\n・粉（33.33g）");
});

test("三人分に直して戻しても同じ", () => {
  const recipe = parseRecipe("x（3人分）\n卵 1個");
  assert.equal(formatRecipe(scaleRecipe(scaleRecipe(recipe, 1), 3)), "x（3人分）\n卵 1個");
});

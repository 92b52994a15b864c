import test from "node:test";
import assert from "node:assert/strict";
import { parseIngredient, parseRecipe } from "../src/parse.js";
import { scaleRecipe } from "../src/scale.js";
import { formatRecipe, shoppingList } from "../src/format.js";

const text = "カレー（4人分）\n玉ねぎ 2個\n油　大さじ1/2\n塩 少々\n";

test("材料を読む", () => {
  assert.deepEqual(parseIngredient("油 大さじ1/2"), { name: "油", before: "大さじ", value: 0.5, after: "" });
  assert.deepEqual(parseIngredient("牛肉 300g"), { name: "牛肉", before: "", value: 300, after: "g" });
  assert.equal(parseIngredient("塩 少々").value, null);
  assert.throws(() => parseIngredient("玉ねぎ"), SyntaxError);
});

test("二倍にする", () => {
  const recipe = parseRecipe(text);
  assert.equal(formatRecipe(scaleRecipe(recipe, 8)), "カレー（8人分）\n玉ねぎ 4個\n油 大さじ1\n塩 少々");
  assert.equal(recipe.servings, 4);
});

test("買い物メモ", () => {
  assert.equal(shoppingList(parseRecipe(text)), "・玉ねぎ（2個）\n・油（大さじ0.5）");
});

test("おかしな人数", () => {
  assert.throws(() => scaleRecipe(parseRecipe(text), 0), RangeError);
});

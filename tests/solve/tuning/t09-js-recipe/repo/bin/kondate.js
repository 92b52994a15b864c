#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { parseRecipe } from "../src/parse.js";
import { scaleRecipe } from "../src/scale.js";
import { formatRecipe, shoppingList } from "../src/format.js";

const [path, servings, mode] = process.argv.slice(2);
if (!path || !servings) {
  console.error("使い方: kondate.js レシピ 人数 [--memo]");
  process.exit(2);
}
const recipe = scaleRecipe(parseRecipe(readFileSync(path, "utf8")), Number(servings));
console.log(mode === "--memo" ? shoppingList(recipe) : formatRecipe(recipe));

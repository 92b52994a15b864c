export function formatIngredient(ingredient) {
  const { name, before, value, after } = ingredient;
  const number = value === null ? "" : String(value);
  return `${name} ${before}${number}${after}`;
}

export function formatRecipe(recipe) {
  return [`${recipe.title}（${recipe.servings}人分）`, ...recipe.ingredients.map(formatIngredient)].join("\n");
}

/** 買い物メモ: 分量のあるものだけ、箇条書き。 */
export function shoppingList(recipe) {
  return recipe.ingredients
    .filter((i) => i.value !== null)
    .map((i) => `・${i.name}（${i.before}${i.value}${i.after}）`)
    .join("\n");
}

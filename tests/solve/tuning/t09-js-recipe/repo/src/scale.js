/** 人数に合わせた新しいレシピを返す。元のレシピは変えない。 */
export function scaleRecipe(recipe, servings) {
  if (!Number.isInteger(servings) || servings < 1) throw new RangeError("人数は1以上の整数です");
  const factor = servings / recipe.servings;
  return {
    ...recipe,
    servings,
    ingredients: recipe.ingredients.map((i) => (i.value === null ? i : { ...i, value: i.value * factor })),
  };
}

//! The same recipe for more or fewer people.

use crate::amount::Amount;
use crate::ingredient::{Ingredient, Quantity};
use crate::recipe::Recipe;
use crate::unit::best_unit;

pub fn scale(recipe: &Recipe, serves: u32) -> Recipe {
    let factor = Amount::new(serves.into(), recipe.serves.into());
    let ingredients = recipe
        .ingredients
        .iter()
        .map(|ingredient| Ingredient {
            quantity: ingredient.quantity.map(|quantity| scaled(quantity, factor)),
            name: ingredient.name.clone(),
            note: ingredient.note.clone(),
        })
        .collect();
    Recipe {
        serves,
        ingredients,
        ..recipe.clone()
    }
}

fn scaled(quantity: Quantity, factor: Amount) -> Quantity {
    if factor == Amount::whole(1) {
        return quantity;
    }
    let base = quantity.amount * quantity.unit.factor() * factor;
    let unit = best_unit(quantity.unit.dimension(), base);
    Quantity {
        amount: base / unit.factor(),
        unit,
    }
}

//! What one has to buy for a number of recipes.

use crate::aisle::Aisles;
use crate::amount::Amount;
use crate::ingredient::Quantity;
use crate::recipe::Recipe;
use crate::unit::{best_unit, Dimension};

/// One thing to buy. The same thing may be needed by mass and by volume.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub name: String,
    pub totals: Vec<(Dimension, Amount)>,
}

#[derive(Default)]
pub struct ShoppingList {
    items: Vec<Item>,
}

impl ShoppingList {
    pub fn new() -> ShoppingList {
        ShoppingList::default()
    }

    pub fn add(&mut self, recipe: &Recipe) {
        for ingredient in &recipe.ingredients {
            let key = ingredient.key();
            let position = match self.items.iter().position(|item| item.name == key) {
                Some(position) => position,
                None => {
                    self.items.push(Item {
                        name: key,
                        totals: Vec::new(),
                    });
                    self.items.len() - 1
                }
            };
            if let Some(quantity) = ingredient.quantity {
                self.items[position].add(quantity);
            }
        }
    }

    /// In alphabetical order.
    pub fn items(&self) -> Vec<&Item> {
        let mut items: Vec<&Item> = self.items.iter().collect();
        items.sort_by(|a, b| a.name.cmp(&b.name));
        items
    }

    pub fn to_text(&self) -> String {
        self.items()
            .iter()
            .map(|item| format!("{}\n", item.line()))
            .collect()
    }

    /// By section of the shop; what no section knows comes last.
    pub fn to_text_by_aisle(&self, aisles: &Aisles) -> String {
        let mut text = String::new();
        let items = self.items();
        for section in aisles.sections() {
            let here: Vec<_> = items
                .iter()
                .filter(|item| aisles.section_of(&item.name) == Some(section))
                .collect();
            push_section(&mut text, section, here.iter().map(|item| item.line()));
        }
        let rest: Vec<_> = items
            .iter()
            .filter(|item| aisles.section_of(&item.name).is_none())
            .collect();
        push_section(&mut text, "Other", rest.iter().map(|item| item.line()));
        text
    }
}

fn push_section(text: &mut String, title: &str, lines: impl ExactSizeIterator<Item = String>) {
    if lines.len() == 0 {
        return;
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&format!("{title}:\n"));
    for line in lines {
        text.push_str(&format!("  {line}\n"));
    }
}

impl Item {
    fn add(&mut self, quantity: Quantity) {
        let dimension = quantity.unit.dimension();
        let base = quantity.amount * quantity.unit.factor();
        match self.totals.iter_mut().find(|(own, _)| *own == dimension) {
            Some((_, total)) => *total = *total + base,
            None => self.totals.push((dimension, base)),
        }
    }

    /// `flour: 1 1/2 kg`, or the name alone.
    pub fn line(&self) -> String {
        if self.totals.is_empty() {
            return self.name.clone();
        }
        let totals: Vec<String> = self
            .totals
            .iter()
            .map(|(dimension, base)| {
                let unit = best_unit(*dimension, *base);
                let amount = *base / unit.factor();
                Quantity { amount, unit }.to_string()
            })
            .collect();
        format!("{}: {}", self.name, totals.join(" + "))
    }
}

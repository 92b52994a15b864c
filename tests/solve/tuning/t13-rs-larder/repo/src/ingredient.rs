//! One line of a recipe's list: `- 250 g red lentils, rinsed`.

use crate::amount::Amount;
use crate::unit::Unit;
use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub struct Ingredient {
    pub quantity: Option<Quantity>,
    pub name: String,
    pub note: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    pub amount: Amount,
    pub unit: Unit,
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Unit::Piece => write!(f, "{}", self.amount),
            unit => write!(f, "{} {}", self.amount, unit.symbol()),
        }
    }
}

impl Ingredient {
    /// `text` is the line without its dash. The error says what is wrong, not where.
    pub fn parse(text: &str) -> Result<Ingredient, String> {
        let (amount, rest) = Amount::take(text.trim());
        let (unit, rest) = match amount {
            Some(_) => take_unit(rest),
            None => (Unit::Piece, rest),
        };
        let (name, note) = match rest.split_once(',') {
            Some((name, note)) => (name.trim(), Some(note.trim())),
            None => (rest.trim(), None),
        };
        if name.is_empty() {
            return Err("ingredient without a name".to_string());
        }
        Ok(Ingredient {
            quantity: amount.map(|amount| Quantity { amount, unit }),
            name: name.to_string(),
            note: note.filter(|note| !note.is_empty()).map(str::to_string),
        })
    }

    /// What two lines must share to be the same thing in a shopping list.
    pub fn key(&self) -> String {
        self.name.to_lowercase()
    }
}

fn take_unit(text: &str) -> (Unit, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match Unit::parse(word) {
        Some(unit) if !rest.trim().is_empty() => (unit, rest.trim_start()),
        _ => (Unit::Piece, text),
    }
}

impl fmt::Display for Ingredient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(quantity) = &self.quantity {
            write!(f, "{quantity} ")?;
        }
        write!(f, "{}", self.name)?;
        if let Some(note) = &self.note {
            write!(f, ", {note}")?;
        }
        Ok(())
    }
}

//! Units, and which of them can be added to each other.

use crate::amount::Amount;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Gram,
    Kilogram,
    Millilitre,
    Litre,
    Teaspoon,
    Tablespoon,
    Cup,
    Pinch,
    Clove,
    /// Things one counts: `2 eggs`.
    Piece,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    Mass,
    Volume,
    /// Spoons and cups are not turned into millilitres: nobody shops for 15 ml of oil.
    Kitchen,
    Pinches,
    Cloves,
    Count,
}

impl Unit {
    pub fn parse(word: &str) -> Option<Unit> {
        let unit = match word {
            "g" | "gram" | "grams" => Unit::Gram,
            "kg" | "kilo" | "kilos" => Unit::Kilogram,
            "ml" => Unit::Millilitre,
            "l" | "litre" | "litres" | "liter" | "liters" => Unit::Litre,
            "tsp" | "teaspoon" | "teaspoons" => Unit::Teaspoon,
            "tbsp" | "tablespoon" | "tablespoons" => Unit::Tablespoon,
            "cup" | "cups" => Unit::Cup,
            "pinch" | "pinches" => Unit::Pinch,
            "clove" | "cloves" => Unit::Clove,
            _ => return None,
        };
        Some(unit)
    }

    pub fn symbol(self) -> &'static str {
        match self {
            Unit::Gram => "g",
            Unit::Kilogram => "kg",
            Unit::Millilitre => "ml",
            Unit::Litre => "l",
            Unit::Teaspoon => "tsp",
            Unit::Tablespoon => "tbsp",
            Unit::Cup => "cup",
            Unit::Pinch => "pinch",
            Unit::Clove => "clove",
            Unit::Piece => "",
        }
    }

    pub fn dimension(self) -> Dimension {
        match self {
            Unit::Gram | Unit::Kilogram => Dimension::Mass,
            Unit::Millilitre | Unit::Litre => Dimension::Volume,
            Unit::Teaspoon | Unit::Tablespoon | Unit::Cup => Dimension::Kitchen,
            Unit::Pinch => Dimension::Pinches,
            Unit::Clove => Dimension::Cloves,
            Unit::Piece => Dimension::Count,
        }
    }

    /// How many of the dimension's smallest unit this one is.
    pub fn factor(self) -> Amount {
        match self {
            Unit::Kilogram | Unit::Litre => Amount::whole(1000),
            Unit::Tablespoon => Amount::whole(3),
            Unit::Cup => Amount::whole(48),
            _ => Amount::whole(1),
        }
    }
}

/// The unit in which a sum of the smallest units reads best.
pub fn best_unit(dimension: Dimension, base: Amount) -> Unit {
    match dimension {
        Dimension::Mass if base >= Amount::whole(1000) => Unit::Kilogram,
        Dimension::Mass => Unit::Gram,
        Dimension::Volume if base >= Amount::whole(1000) => Unit::Litre,
        Dimension::Volume => Unit::Millilitre,
        Dimension::Kitchen if base >= Amount::whole(48) => Unit::Cup,
        Dimension::Kitchen if base >= Amount::whole(3) => Unit::Tablespoon,
        Dimension::Kitchen => Unit::Teaspoon,
        Dimension::Pinches => Unit::Pinch,
        Dimension::Cloves => Unit::Clove,
        Dimension::Count => Unit::Piece,
    }
}

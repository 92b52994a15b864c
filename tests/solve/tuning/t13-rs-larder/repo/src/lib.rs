//! Recipes in plain text files; see README.md.

pub mod aisle;
pub mod amount;
pub mod book;
pub mod ingredient;
pub mod recipe;
pub mod render;
pub mod scale;
pub mod shopping;
pub mod unit;

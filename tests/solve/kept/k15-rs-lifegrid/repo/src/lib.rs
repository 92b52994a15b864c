//! The Game of Life on a torus; see README.md.

mod board;
mod rule;

pub use board::{Board, BoardError};
pub use rule::Rule;

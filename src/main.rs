//! The street's side of the street door.

fn main() {}

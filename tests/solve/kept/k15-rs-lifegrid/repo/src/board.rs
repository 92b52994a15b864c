use crate::rule::Rule;
use std::fmt;

/// The cells, row by row. The left edge touches the right one, the top the bottom.
pub struct Board {
    width: usize,
    height: usize,
    cells: Vec<bool>,
    rule: Rule,
}

#[derive(Debug, PartialEq, Eq)]
pub enum BoardError {
    Empty,
    /// The number of the line (from 1) that is not as long as the first.
    Ragged(usize),
    BadCell(char),
}

impl Board {
    /// Lines of `.` (dead) and `#` (alive), with Conway's rule.
    pub fn parse(text: &str) -> Result<Board, BoardError> {
        let width = text
            .lines()
            .next()
            .ok_or(BoardError::Empty)?
            .chars()
            .count();
        if width == 0 {
            return Err(BoardError::Empty);
        }
        let mut cells = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.chars().count() != width {
                return Err(BoardError::Ragged(index + 1));
            }
            for c in line.chars() {
                cells.push(match c {
                    '.' => false,
                    '#' => true,
                    other => return Err(BoardError::BadCell(other)),
                });
            }
        }
        Ok(Board {
            width,
            height: cells.len() / width,
            cells,
            rule: Rule::conway(),
        })
    }

    pub fn with_rule(mut self, rule: Rule) -> Board {
        self.rule = rule;
        self
    }

    pub fn is_alive(&self, x: usize, y: usize) -> bool {
        self.cells[y % self.height * self.width + x % self.width]
    }

    pub fn population(&self) -> usize {
        self.cells.iter().filter(|alive| **alive).count()
    }

    fn neighbours(&self, x: usize, y: usize) -> usize {
        let mut count = 0;
        for dy in [self.height - 1, 0, 1] {
            for dx in [self.width - 1, 0, 1] {
                if (dx, dy) != (0, 0) && self.is_alive(x + dx, y + dy) {
                    count += 1;
                }
            }
        }
        count
    }

    /// One generation.
    pub fn step(&mut self) {
        let mut next = Vec::with_capacity(self.cells.len());
        for y in 0..self.height {
            for x in 0..self.width {
                next.push(self.rule.lives(self.is_alive(x, y), self.neighbours(x, y)));
            }
        }
        self.cells = next;
    }
}

impl fmt::Display for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in self.cells.chunks(self.width) {
            let line: String = row
                .iter()
                .map(|alive| if *alive { '#' } else { '.' })
                .collect();
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

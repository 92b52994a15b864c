//! A recipe and its file format.

use crate::ingredient::Ingredient;
use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    pub title: String,
    pub serves: u32,
    pub minutes: Option<u32>,
    pub tags: Vec<String>,
    pub ingredients: Vec<Ingredient>,
    pub steps: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ParseError {
    pub line: usize,
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

#[derive(PartialEq)]
enum Part {
    Title,
    Header,
    Ingredients,
    Steps,
}

impl Recipe {
    pub fn parse(text: &str) -> Result<Recipe, ParseError> {
        let mut recipe = Recipe {
            title: String::new(),
            serves: 1,
            minutes: None,
            tags: Vec::new(),
            ingredients: Vec::new(),
            steps: Vec::new(),
        };
        let mut part = Part::Title;
        let mut step = String::new();
        for (index, raw) in text.lines().enumerate() {
            let line = raw.trim();
            let fail = |message: String| ParseError {
                line: index + 1,
                message,
            };
            if part == Part::Title {
                match line.strip_prefix("# ") {
                    Some(title) => recipe.title = title.trim().to_string(),
                    None if line.is_empty() => continue,
                    None => return Err(fail("expected a title: # NAME".to_string())),
                }
                part = Part::Header;
                continue;
            }
            if let Some(item) = line.strip_prefix("- ") {
                if part == Part::Steps {
                    return Err(fail("ingredient after the first step".to_string()));
                }
                part = Part::Ingredients;
                recipe
                    .ingredients
                    .push(Ingredient::parse(item).map_err(fail)?);
                continue;
            }
            if line.is_empty() {
                finish(&mut step, &mut recipe.steps);
                continue;
            }
            if part == Part::Header {
                if let Some((key, value)) = line.split_once(':') {
                    recipe.header(key.trim(), value.trim()).map_err(fail)?;
                    continue;
                }
            }
            part = Part::Steps;
            if !step.is_empty() {
                step.push(' ');
            }
            step.push_str(line);
        }
        finish(&mut step, &mut recipe.steps);
        if recipe.title.is_empty() {
            return Err(ParseError {
                line: 1,
                message: "the file is empty".to_string(),
            });
        }
        Ok(recipe)
    }

    fn header(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "serves" => {
                self.serves = value
                    .parse()
                    .ok()
                    .filter(|n| *n > 0)
                    .ok_or(format!("serves: not a positive number: {value}"))?;
            }
            "time" => self.minutes = Some(parse_minutes(value)?),
            "tags" => {
                self.tags = value
                    .split(',')
                    .map(|tag| tag.trim().to_lowercase())
                    .filter(|tag| !tag.is_empty())
                    .collect();
            }
            _ => return Err(format!("unknown key: {key}")),
        }
        Ok(())
    }

    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own == &tag.to_lowercase())
    }
}

fn finish(step: &mut String, steps: &mut Vec<String>) {
    if !step.is_empty() {
        steps.push(std::mem::take(step));
    }
}

/// `45 min`, `2 h` or `1 h 30 min`.
fn parse_minutes(text: &str) -> Result<u32, String> {
    let bad = || format!("time: expected something like 1 h 30 min: {text}");
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() || words.len() % 2 != 0 {
        return Err(bad());
    }
    let mut minutes = 0;
    for pair in words.chunks(2) {
        let number: u32 = pair[0].parse().map_err(|_| bad())?;
        minutes += match pair[1] {
            "h" => number * 60,
            "min" => number,
            _ => return Err(bad()),
        };
    }
    Ok(minutes)
}

/// The inverse of `parse_minutes`.
pub fn format_minutes(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, m) => format!("{m} min"),
        (h, 0) => format!("{h} h"),
        (h, m) => format!("{h} h {m} min"),
    }
}

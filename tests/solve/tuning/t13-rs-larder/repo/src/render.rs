//! A recipe as text, Markdown, HTML, or as its own source.

use crate::ingredient::Ingredient;
use crate::recipe::{format_minutes, Recipe};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Format {
    Text,
    Markdown,
    Html,
}

impl Format {
    pub fn parse(word: &str) -> Option<Format> {
        match word {
            "text" => Some(Format::Text),
            "markdown" | "md" => Some(Format::Markdown),
            "html" => Some(Format::Html),
            _ => None,
        }
    }
}

pub fn render(recipe: &Recipe, format: Format) -> String {
    match format {
        Format::Text => text(recipe),
        Format::Markdown => markdown(recipe),
        Format::Html => html(recipe),
    }
}

fn facts(recipe: &Recipe) -> String {
    let mut facts = format!("serves {}", recipe.serves);
    if let Some(minutes) = recipe.minutes {
        facts.push_str(&format!(", {}", format_minutes(minutes)));
    }
    facts
}

fn quantity_of(ingredient: &Ingredient) -> String {
    ingredient
        .quantity
        .map(|quantity| quantity.to_string())
        .unwrap_or_default()
}

fn text(recipe: &Recipe) -> String {
    let width = recipe
        .ingredients
        .iter()
        .map(|ingredient| quantity_of(ingredient).len())
        .max()
        .unwrap_or(0);
    let mut out = format!("{}\n({})\n\n", recipe.title, facts(recipe));
    for ingredient in &recipe.ingredients {
        let quantity = quantity_of(ingredient);
        out.push_str(&format!("  {quantity:>width$}  {}", ingredient.name));
        if let Some(note) = &ingredient.note {
            out.push_str(&format!(" ({note})"));
        }
        out.push('\n');
    }
    for (index, step) in recipe.steps.iter().enumerate() {
        out.push_str(&format!("\n{}. {step}\n", index + 1));
    }
    out
}

fn markdown(recipe: &Recipe) -> String {
    let mut out = format!("# {}\n\n*{}*\n\n", recipe.title, facts(recipe));
    for ingredient in &recipe.ingredients {
        match &ingredient.quantity {
            Some(quantity) => out.push_str(&format!("- **{quantity}** {}", ingredient.name)),
            None => out.push_str(&format!("- {}", ingredient.name)),
        }
        if let Some(note) = &ingredient.note {
            out.push_str(&format!(", {note}"));
        }
        out.push('\n');
    }
    out.push('\n');
    for (index, step) in recipe.steps.iter().enumerate() {
        out.push_str(&format!("{}. {step}\n", index + 1));
    }
    out
}

fn html(recipe: &Recipe) -> String {
    let mut out = format!(
        "<h1>{}</h1>\n<p>{}</p>\n<ul>\n",
        escape(&recipe.title),
        escape(&facts(recipe))
    );
    for ingredient in &recipe.ingredients {
        out.push_str(&format!("<li>{}</li>\n", escape(&ingredient.to_string())));
    }
    out.push_str("</ul>\n<ol>\n");
    for step in &recipe.steps {
        out.push_str(&format!("<li>{}</li>\n", escape(step)));
    }
    out.push_str("</ol>\n");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The recipe as a tidy source file.
pub fn source(recipe: &Recipe) -> String {
    let mut out = format!("# {}\nserves: {}\n", recipe.title, recipe.serves);
    if let Some(minutes) = recipe.minutes {
        out.push_str(&format!("time: {}\n", format_minutes(minutes)));
    }
    if !recipe.tags.is_empty() {
        out.push_str(&format!("tags: {}\n", recipe.tags.join(", ")));
    }
    out.push('\n');
    for ingredient in &recipe.ingredients {
        out.push_str(&format!("- {ingredient}\n"));
    }
    for step in &recipe.steps {
        out.push_str(&format!("\n{step}\n"));
    }
    out
}

//! A folder of recipes.

use crate::recipe::Recipe;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

pub struct Book {
    recipes: Vec<(String, Recipe)>,
}

impl Book {
    /// Reads every `*.txt` of a folder, sorted by title.
    pub fn open(dir: &Path) -> Result<Book, String> {
        let entries = fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        let mut recipes = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| error.to_string())?.path();
            if path.extension().is_none_or(|ending| ending != "txt") {
                continue;
            }
            let recipe = load(&path)?;
            let file = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            recipes.push((file, recipe));
        }
        recipes.sort_by(|a, b| a.1.title.cmp(&b.1.title));
        Ok(Book { recipes })
    }

    pub fn with_tag<'a>(
        &'a self,
        tag: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a str, &'a Recipe)> {
        self.recipes
            .iter()
            .filter(move |(_, recipe)| tag.is_none_or(|tag| recipe.has_tag(tag)))
            .map(|(file, recipe)| (file.as_str(), recipe))
    }

    /// Every tag and the number of recipes that have it.
    pub fn tags(&self) -> BTreeMap<&str, usize> {
        let mut tags = BTreeMap::new();
        for (_, recipe) in &self.recipes {
            for tag in &recipe.tags {
                *tags.entry(tag.as_str()).or_insert(0) += 1;
            }
        }
        tags
    }
}

pub fn load(path: &Path) -> Result<Recipe, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Recipe::parse(&text).map_err(|error| format!("{}: {error}", path.display()))
}

//! Which part of the shop a thing is in.

use std::fmt;

#[derive(Debug, Default)]
pub struct Aisles {
    sections: Vec<(String, Vec<String>)>,
}

#[derive(Debug, PartialEq)]
pub enum AisleError {
    /// An entry before the first section.
    NoSection {
        line: usize,
    },
    BadSection {
        line: usize,
    },
    Twice {
        line: usize,
        name: String,
    },
}

impl fmt::Display for AisleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AisleError::NoSection { line } => {
                write!(f, "line {line}: entry before the first section")
            }
            AisleError::BadSection { line } => write!(f, "line {line}: expected [SECTION]"),
            AisleError::Twice { line, name } => {
                write!(f, "line {line}: {name} is already in a section")
            }
        }
    }
}

impl std::error::Error for AisleError {}

impl Aisles {
    pub fn parse(text: &str) -> Result<Aisles, AisleError> {
        let mut aisles = Aisles::default();
        for (index, raw) in text.lines().enumerate() {
            let line = index + 1;
            let entry = raw.trim();
            if entry.is_empty() || entry.starts_with('#') {
                continue;
            }
            if let Some(open) = entry.strip_prefix('[') {
                let title = open.strip_suffix(']').map(str::trim).unwrap_or("");
                if title.is_empty() {
                    return Err(AisleError::BadSection { line });
                }
                aisles.sections.push((title.to_string(), Vec::new()));
                continue;
            }
            let name = entry.to_lowercase();
            if aisles.section_of(&name).is_some() {
                return Err(AisleError::Twice { line, name });
            }
            match aisles.sections.last_mut() {
                Some((_, names)) => names.push(name),
                None => return Err(AisleError::NoSection { line }),
            }
        }
        Ok(aisles)
    }

    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().map(|(title, _)| title.as_str())
    }

    pub fn section_of(&self, name: &str) -> Option<&str> {
        self.sections
            .iter()
            .find(|(_, names)| names.iter().any(|own| own == name))
            .map(|(title, _)| title.as_str())
    }
}

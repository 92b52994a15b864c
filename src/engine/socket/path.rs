//! The target of a request: one spelling for each thing, or none.

/// The oldest version whose requests mean what we think: before it, `start` took a whole
/// configuration.
const OLDEST: u32 = 24;

/// A target, taken apart.
pub(super) struct Path<'a> {
    /// `/v1.41`, or nothing.
    pub(super) version: &'a str,
    /// `containers`, `ID`, `json`.
    pub(super) segments: Vec<&'a str>,
    /// What follows the question mark.
    pub(super) query: &'a str,
}

impl<'a> Path<'a> {
    pub(super) fn parse(target: &'a str) -> Result<Self, String> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let plain = |c: char| c.is_ascii_alphanumeric() || "._:@/-".contains(c);
        if path.len() > 1024 || !path.starts_with('/') || !path.chars().all(plain) {
            return Err(format!(
                "the path `{}` is not plain: only letters, digits and `._:@-/` are understood",
                path.chars().take(200).collect::<String>().escape_debug()
            ));
        }
        let mut segments: Vec<&str> = path[1..].split('/').collect();
        if segments.iter().any(|it| matches!(*it, "" | "." | "..")) {
            return Err(format!(
                "the path `{path}` is not plain: write it without empty parts and dots"
            ));
        }
        let first = segments[0];
        let Some(minor) = first.strip_prefix("v1.") else {
            return Ok(Self { version: "", segments, query });
        };
        let number = minor
            .parse::<u32>()
            .ok()
            .filter(|_| minor.len() == 2 && minor.bytes().all(|it| it.is_ascii_digit()));
        if number.is_none_or(|it| it < OLDEST) {
            return Err(format!(
                "`{first}` is not a version that is spoken here; use v1.{OLDEST} or later"
            ));
        }
        segments.remove(0);
        if segments.is_empty() {
            return Err(format!("the path `{path}` names nothing"));
        }
        Ok(Self { version: &path[..=first.len()], segments, query })
    }
}

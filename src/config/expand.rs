//! `${NAME}`, `${NAME:-default}` and `~`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_yaml::Value;

/// What is wrong with a text that is to be expanded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ExpandError {
    /// `${NAME}` without such a variable.
    Unset(String),
    /// Not one of the two forms.
    Malformed(String),
}

impl std::fmt::Display for ExpandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unset(name) => {
                write!(f, "the variable {name} is not set: set it, or write `${{{name}:-default}}`")
            }
            Self::Malformed(text) => write!(
                f,
                "`{text}` is neither `${{NAME}}` nor `${{NAME:-default}}` \
                 (for a plain `${{`, write `$${{`)"
            ),
        }
    }
}

/// Expands each string in `value`.
pub(super) fn value(value: &Value, env: &BTreeMap<String, String>) -> Result<Value, ExpandError> {
    Ok(match value {
        Value::String(it) => Value::String(text(it, env)?),
        Value::Sequence(items) => {
            Value::Sequence(items.iter().map(|it| self::value(it, env)).collect::<Result<_, _>>()?)
        }
        Value::Mapping(pairs) => Value::Mapping(
            pairs
                .iter()
                .map(|(key, it)| Ok((key.clone(), self::value(it, env)?)))
                .collect::<Result<_, _>>()?,
        ),
        other => other.clone(),
    })
}

/// Expands one text. As in a shell, `:-` stands in for an empty variable too.
pub(super) fn text(text: &str, env: &BTreeMap<String, String>) -> Result<String, ExpandError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if let Some(before) = rest[..at].strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        out.push_str(&rest[..at]);
        let malformed = || ExpandError::Malformed(rest[at..].chars().take(60).collect());
        let end = rest[at..].find('}').ok_or_else(malformed)? + at;
        let inner = &rest[at + 2..end];
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        if !is_name(name) {
            return Err(ExpandError::Malformed(rest[at..=end].to_owned()));
        }
        match (env.get(name), default) {
            (Some(set), _) if !set.is_empty() => out.push_str(set),
            (_, Some(default)) => out.push_str(default),
            (Some(_), None) => (),
            (None, None) => return Err(ExpandError::Unset(name.to_owned())),
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// A variable that is set and that `value` names as `$NAME`, without braces.
pub(super) fn bare(value: &Value, env: &BTreeMap<String, String>) -> Option<String> {
    let Value::String(text) = value else { return None };
    text.match_indices('$').find_map(|(at, _)| {
        let rest = &text[at + 1..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let name = &rest[..end.unwrap_or(rest.len())];
        let is_set = is_name(name) && env.get(name).is_some_and(|it| !it.is_empty());
        (is_set && !text[..at].ends_with('$')).then(|| name.to_owned())
    })
}

/// Whether a variable can have this name.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `~` is the user's home; anything else that is relative starts from `base`.
pub(super) fn path(text: &str, home: &Path, base: &Path) -> PathBuf {
    match text.strip_prefix('~') {
        Some("") => home.to_owned(),
        Some(rest) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => base.join(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> BTreeMap<String, String> {
        [("NAME", "value"), ("EMPTY", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
    }

    #[test]
    fn a_variable_without_braces_is_noticed_where_there_is_one() {
        for (given, expected) in [
            ("$NAME/bin", Some("NAME")),
            ("a $NONE $NAME", Some("NAME")),
            ("${NAME}", None),
            ("$$NAME", None),
            ("$NONE $EMPTY $ 5$", None),
        ] {
            assert_eq!(bare(&given.into(), &env()).as_deref(), expected, "{given}");
        }
    }

    #[test]
    fn variables_expand_as_in_a_shell() {
        for (given, expected) in [
            ("plain", "plain"),
            ("a ${NAME} b ${NAME}", "a value b value"),
            ("${NONE:-x y}", "x y"),
            ("${EMPTY:-x}", "x"),
            ("${EMPTY}", ""),
            ("${NONE:-}", ""),
            ("$NAME $", "$NAME $"),
            ("$${NAME}", "${NAME}"),
        ] {
            assert_eq!(text(given, &env()).as_deref(), Ok(expected), "{given}");
        }
    }

    #[test]
    fn a_value_that_looks_like_a_variable_is_not_expanded_again() {
        let env = BTreeMap::from([("A".to_owned(), "${B}".to_owned())]);
        assert_eq!(text("${A}", &env).unwrap(), "${B}");
    }

    #[test]
    fn an_unset_variable_and_a_slip_of_the_pen_are_errors() {
        assert_eq!(text("${NONE}", &env()), Err(ExpandError::Unset("NONE".to_owned())));
        for bad in ["${", "${NAME", "${}", "${1A}", "${A B}", "${NAME-x}"] {
            assert!(matches!(text(bad, &env()), Err(ExpandError::Malformed(_))), "{bad}");
        }
    }

    #[test]
    fn a_tilde_is_home_only_at_the_start() {
        let (home, base) = (Path::new("/home/ann"), Path::new("/srv"));
        assert_eq!(path("~/x", home, base), Path::new("/home/ann/x"));
        assert_eq!(path("~", home, base), Path::new("/home/ann"));
        assert_eq!(path("~bob/x", home, base), Path::new("/srv/~bob/x"));
        assert_eq!(path("/a/~", home, base), Path::new("/a/~"));
    }
}

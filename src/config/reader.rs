//! Reads one key after the other out of the layers, and keeps account of what is wrong.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::ops::RangeInclusive;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_yaml::Value;

use super::file::{Found, Leaves, leaves};
use super::keys::{self, AIDER_ENV, KEYS, Key, PREFIX, hint, variable};
use super::{LoadOptions, Origin, Setting, expand};

/// Longer than any secret that stands in a file.
const SECRET_LIMIT: u64 = 64 * 1024;

/// The layers, being read.
pub(super) struct Reader<'a> {
    pub(super) options: &'a LoadOptions,
    file: Option<PathBuf>,
    leaves: Leaves,
    pub(super) problems: Vec<String>,
    pub(super) warnings: Vec<String>,
    pub(super) settings: Vec<Setting>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(options: &'a LoadOptions, found: Option<&Found>) -> Self {
        let mut leaves = found.map(leaves).unwrap_or_default();
        let mut problems = std::mem::take(&mut leaves.problems);
        problems.extend(unknown_variables(&options.env));
        let warnings = std::mem::take(&mut leaves.warnings);
        let file = found.map(|it| it.path.clone());
        Self { options, file, leaves, problems, warnings, settings: Vec::new() }
    }

    /// Notes that something is wrong with `key`.
    pub(super) fn wrong(&mut self, key: &str, origin: &Origin, what: &dyn std::fmt::Display) {
        self.problems.push(match origin {
            Origin::Environment { name } => format!("{name}: {what}"),
            _ => format!("{origin}: `{key}`: {what}"),
        });
    }

    /// The uppermost layer's value of `key`, expanded, and where it comes from.
    fn raw(&mut self, key: &'static str) -> (Value, Origin) {
        let name = variable(key);
        if let Some(text) = self.options.env.get(&name) {
            // A variable is taken as it is: a shell has expanded what it should.
            return (Value::String(text.clone()), Origin::Environment { name });
        }
        if let (Some((value, line)), Some(path)) = (self.leaves.values.remove(key), &self.file) {
            let origin = Origin::File { path: path.clone(), line };
            if let Some(name) = expand::bare(&value, &self.options.env) {
                self.warnings.push(format!(
                    "{origin}: `{key}`: `${name}` is taken as it stands: write `${{{name}}}`"
                ));
            }
            match expand::value(&value, &self.options.env) {
                Ok(value) => return (value, origin),
                // `doctor` and `serve` say what to do about a token that is not there.
                Err(expand::ExpandError::Unset(_)) if key == "github.token" => {
                    return (Value::String(String::new()), origin);
                }
                Err(error) => self.wrong(key, &origin, &error),
            }
        }
        (self.default(key), Origin::Default)
    }

    fn default(&self, key: &str) -> Value {
        let text = keys::key(key).map_or("", |it| it.default);
        let value = serde_yaml::from_str(text).unwrap_or(Value::Null);
        expand::value(&value, &self.options.env).unwrap_or_else(|_| Value::String(String::new()))
    }

    /// Reads `key`. What cannot be read is a problem, and its default is used to go on.
    pub(super) fn read<T: Default + Serialize>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&Value) -> Result<T, String>,
    ) -> T {
        let (value, origin) = self.raw(key);
        let value = parse(&value).unwrap_or_else(|error| {
            self.wrong(key, &origin, &error);
            parse(&self.default(key)).unwrap_or_default()
        });
        self.settle(key, &value, origin);
        value
    }

    /// Writes down what `key` is set to.
    pub(super) fn settle(&mut self, key: &'static str, value: &impl Serialize, origin: Origin) {
        let value = serde_json::to_value(value).unwrap_or_default();
        self.settings.push(Setting { key, value, origin });
    }

    pub(super) fn text(&mut self, key: &'static str) -> String {
        self.read(key, text)
    }

    /// A whole number, in the range that the table of keys says.
    pub(super) fn integer(&mut self, key: &'static str) -> u64 {
        let range = keys::key(key).map_or(0..=0, Key::range);
        self.read(key, |value| integer(value, &range))
    }

    pub(super) fn flag(&mut self, key: &'static str) -> bool {
        self.read(key, |value| match (value, text(value).as_deref()) {
            (Value::Bool(it), _) => Ok(*it),
            (_, Ok("true")) => Ok(true),
            (_, Ok("false")) => Ok(false),
            _ => Err(format!("expected true or false, not {}", shown(value))),
        })
    }

    pub(super) fn choice<T: Copy + Default + Serialize>(
        &mut self,
        key: &'static str,
        all: &[(&str, T)],
    ) -> T {
        self.read(key, |value| {
            let text = text(value)?;
            let found = all.iter().find(|it| it.0 == text).map(|it| it.1);
            let names = all.iter().map(|it| it.0);
            found.ok_or_else(|| {
                let list = names.clone().collect::<Vec<_>>().join(", ");
                format!("`{text}` is none of {list}{}", hint(&text, names))
            })
        })
    }

    /// A folder or a program. Empty is `None`.
    pub(super) fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        let options = self.options;
        self.read(key, |value| {
            let text = text(value)?;
            let path = || expand::path(&text, &options.home, &options.cwd);
            Ok((!text.is_empty()).then(path))
        })
    }

    /// A secret. Empty is `None`.
    pub(super) fn secret(&mut self, key: &'static str) -> Option<SecretString> {
        let written = self.leaves.values.get(key).map(|it| it.0.clone());
        let (value, origin) = self.raw(key);
        let secret = self.revealed(key, &value, &origin).filter(|it| !it.is_empty());
        if let (Some(Value::String(text)), Some(_), Some(file)) = (written, &secret, &self.file)
            && !text.contains("${")
            && let Some(warning) = open_to_others(file)
        {
            self.warnings.push(warning);
        }
        self.settle(key, &if secret.is_some() { "***" } else { "" }, origin);
        secret.map(SecretString::from)
    }

    /// A map of secrets, by the name of a variable each. Variables of ours add to it.
    pub(super) fn secrets(&mut self, key: &'static str) -> BTreeMap<String, SecretString> {
        let (mut secrets, origin) = self.named_secrets(key, expand::is_name, "a variable");
        for (name, value) in &self.options.env {
            if let Some(name) = name.strip_prefix(AIDER_ENV).filter(|it| expand::is_name(it)) {
                secrets.insert(name.to_owned(), SecretString::from(value.clone()));
            }
        }
        self.settle_secrets(key, &secrets, origin);
        secrets
    }

    /// A map of secrets, by the name of an HTTP header each, such as `x-api-key`.
    pub(super) fn headers(&mut self, key: &'static str) -> BTreeMap<String, SecretString> {
        let (headers, origin) = self.named_secrets(key, is_header, "an HTTP header");
        for (name, value) in &headers {
            if value.expose_secret().contains(|it: char| it.is_control()) {
                self.wrong(key, &origin, &format!("the value of `{name}` has a control character"));
            }
        }
        self.settle_secrets(key, &headers, origin);
        headers
    }

    fn settle_secrets(
        &mut self,
        key: &'static str,
        secrets: &BTreeMap<String, SecretString>,
        origin: Origin,
    ) {
        let hidden: BTreeMap<_, _> = secrets.keys().map(|name| (name, "***")).collect();
        self.settle(key, &hidden, origin);
    }

    fn named_secrets(
        &mut self,
        key: &'static str,
        is_name: fn(&str) -> bool,
        of_what: &str,
    ) -> (BTreeMap<String, SecretString>, Origin) {
        let (value, origin) = self.raw(key);
        let mut secrets = BTreeMap::new();
        match structure(&value) {
            Ok(Value::Mapping(pairs)) => {
                for (name, value) in &pairs {
                    let name = name.as_str().unwrap_or_default();
                    if !is_name(name) {
                        let what = format!("`{name}` is no name of {of_what}");
                        self.wrong(key, &origin, &what);
                    } else if let Some(secret) = self.revealed(key, value, &origin) {
                        secrets.insert(name.to_owned(), SecretString::from(secret));
                    }
                }
            }
            Ok(Value::Null) => {}
            _ => self.wrong(key, &origin, &"expected names with values, such as `{NAME: value}`"),
        }
        (secrets, origin)
    }

    /// A structure with secrets in it, under one of `names`, and where it comes from.
    pub(super) fn raw_with_secrets(
        &mut self,
        key: &'static str,
        names: &[&str],
    ) -> (Value, Origin) {
        let open = self.leaves.values.get(key).is_some_and(|it| holds(&it.0, names));
        if let (true, Some(file)) = (open, &self.file) {
            self.warnings.extend(open_to_others(file));
        }
        self.raw(key)
    }

    fn revealed(&mut self, key: &str, value: &Value, origin: &Origin) -> Option<String> {
        self.reveal(value).map_err(|error| self.wrong(key, origin, &error)).ok()
    }

    /// A secret as it is, or out of its file.
    pub(super) fn reveal(&mut self, value: &Value) -> Result<String, String> {
        let Value::Mapping(pairs) = value else { return text(value) };
        let path = pairs.get("file").and_then(Value::as_str).filter(|_| pairs.len() == 1);
        let Some(path) = path else {
            return Err("a secret is a text, or `{file: PATH}`".to_owned());
        };
        let base = self.file.as_deref().and_then(Path::parent).unwrap_or(&self.options.cwd);
        let path = expand::path(path, &self.options.home, base);
        match secret_in(&path) {
            Ok(secret) => {
                self.warnings.extend(open_to_others(&path));
                Ok(secret)
            }
            Err(error) => Err(format!("cannot read {}: {error}", path.display())),
        }
    }
}

fn unknown_variables(env: &BTreeMap<String, String>) -> Vec<String> {
    let known: Vec<String> = KEYS.iter().map(|it| variable(it.name)).collect();
    env.keys()
        .filter(|name| name.starts_with(PREFIX) && !name.starts_with(AIDER_ENV))
        .filter(|name| !known.contains(name))
        .map(|name| format!("{name}: unknown key{}", hint(name, known.iter().map(String::as_str))))
        .collect()
}

/// The characters of a token, of RFC 9110 (5.6.2).
fn is_header(name: &str) -> bool {
    let special = |it: char| "!#$%&'*+-.^_`|~".contains(it);
    !name.is_empty() && name.chars().all(|it| it.is_ascii_alphanumeric() || special(it))
}

/// Whether a secret stands there as it is.
fn holds(value: &Value, names: &[&str]) -> bool {
    match value {
        Value::Sequence(items) => items.iter().any(|it| holds(it, names)),
        Value::Mapping(pairs) => pairs.iter().any(|(name, value)| {
            let secret = name.as_str().is_some_and(|it| names.contains(&it));
            secret && value.as_str().is_some_and(|it| !it.contains("${"))
        }),
        _ => false,
    }
}

fn secret_in(path: &Path) -> std::io::Result<String> {
    let mut secret = String::new();
    File::open(path)?.take(SECRET_LIMIT + 1).read_to_string(&mut secret)?;
    if secret.len() as u64 > SECRET_LIMIT {
        return Err(std::io::Error::other("it is larger than 64 KiB, so it is no secret"));
    }
    Ok(secret.trim_end_matches(['\r', '\n']).to_owned())
}

fn open_to_others(path: &Path) -> Option<String> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        let path = path.display();
        format!("{path} holds a secret and others may read it (mode {mode:o}): chmod 600 {path}")
    })
}

/// A text, or a number or a flag that stands where a text belongs.
pub(super) fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(it) => Ok(it.trim().to_owned()),
        Value::Number(it) => Ok(it.to_string()),
        Value::Bool(it) => Ok(it.to_string()),
        Value::Null => Ok(String::new()),
        _ => Err(format!("expected a text, not {}", shown(value))),
    }
}

/// A whole number in `range`, or a text that is one: variables are texts.
pub(super) fn integer(value: &Value, range: &RangeInclusive<u64>) -> Result<u64, String> {
    let number = match value {
        Value::Number(it) => it.as_u64(),
        Value::String(it) => it.trim().parse().ok(),
        _ => None,
    };
    let (low, high) = (range.start(), range.end());
    match number {
        Some(it) if range.contains(&it) => Ok(it),
        Some(it) => Err(format!("{it} is out of range: expected {low} to {high}")),
        None => Err(format!("expected a whole number from {low} to {high}, not {}", shown(value))),
    }
}

/// A list or a map, or a text that holds one: variables are texts.
pub(super) fn structure(value: &Value) -> Result<Value, String> {
    match value {
        Value::String(text) => {
            serde_yaml::from_str(text).map_err(|error| format!("this is not YAML: {error}"))
        }
        other => Ok(other.clone()),
    }
}

/// What a person sees of a value that is wrong. Short: it may be anything.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Sequence(_) => "a list".to_owned(),
        Value::Mapping(_) => "a map".to_owned(),
        Value::Null => "nothing".to_owned(),
        Value::String(it) => format!("`{}`", it.chars().take(60).collect::<String>()),
        Value::Number(it) => format!("`{it}`"),
        Value::Bool(it) => format!("`{it}`"),
        Value::Tagged(it) => format!("a `{}`", it.tag),
    }
}

//! A JSON object whose keys are taken one by one. Keys that nobody takes must say nothing, and are
//! not sent on: a name in another spelling (the engine reads `privileged` as `Privileged`) is one
//! that nobody takes.

use serde_json::{Map, Value};

/// What is left of an object.
pub(super) struct Taken {
    at: String,
    left: Map<String, Value>,
}

impl Taken {
    /// `at` is where it stands: `HostConfig`, or nothing at the top.
    pub(super) fn of(value: Value, at: &str) -> Result<Self, String> {
        match value {
            Value::Null => Ok(Self { at: at.to_owned(), left: Map::new() }),
            Value::Object(left) => Ok(Self { at: at.to_owned(), left }),
            _ => Err(format!("{} is not an object", named(at))),
        }
    }

    /// Its whole name.
    pub(super) fn name(&self, key: &str) -> String {
        match self.at.as_str() {
            "" => key.to_owned(),
            at => format!("{at}.{key}"),
        }
    }

    pub(super) fn take(&mut self, key: &str) -> Value {
        self.left.remove(key).unwrap_or(Value::Null)
    }

    pub(super) fn take_object(&mut self, key: &str) -> Result<Self, String> {
        let at = self.name(key);
        Self::of(self.take(key), &at)
    }

    pub(super) fn take_list(&mut self, key: &str) -> Result<Vec<Value>, String> {
        match self.take(key) {
            Value::Null => Ok(Vec::new()),
            Value::Array(list) => Ok(list),
            _ => Err(format!("{} is not a list", named(&self.name(key)))),
        }
    }

    pub(super) fn take_text(&mut self, key: &str) -> Result<String, String> {
        match self.take(key) {
            Value::Null => Ok(String::new()),
            Value::String(text) => Ok(text),
            _ => Err(format!("{} is not text", named(&self.name(key)))),
        }
    }

    pub(super) fn take_bool(&mut self, key: &str) -> Result<bool, String> {
        match self.take(key) {
            Value::Null => Ok(false),
            Value::Bool(it) => Ok(it),
            _ => Err(format!("{} is not true or false", named(&self.name(key)))),
        }
    }

    /// A whole number; zero when it is not there.
    pub(super) fn take_number(&mut self, key: &str) -> Result<i64, String> {
        match self.take(key) {
            Value::Null => Ok(0),
            Value::Number(it) if it.is_i64() => Ok(it.as_i64().unwrap_or_default()),
            _ => Err(format!("{} is not a whole number", named(&self.name(key)))),
        }
    }

    pub(super) fn take_texts(&mut self, key: &str) -> Result<Vec<String>, String> {
        let name = self.name(key);
        let text = |it| match it {
            Value::String(text) => Ok(text),
            _ => Err(format!("{} is not a list of texts", named(&name))),
        };
        self.take_list(key)?.into_iter().map(text).collect()
    }

    /// These go along as they are, where they are there.
    pub(super) fn keep(&mut self, keys: &[&str], kept: &mut Map<String, Value>) {
        for key in keys {
            if let Some(value) = self.left.remove(*key) {
                kept.insert((*key).to_owned(), value);
            }
        }
    }

    /// What is left over must say nothing.
    pub(super) fn finish(self) -> Result<(), String> {
        let left = self.left.iter().find(|(_, value)| !is_nothing(value));
        left.map_or(Ok(()), |(key, _)| {
            let key: String = key.chars().take(80).collect();
            Err(format!(
                "{} may not be set here; leave it out",
                named(&self.name(&key.escape_debug().to_string()))
            ))
        })
    }
}

/// A map of texts.
pub(super) fn strings(value: Value, at: &str) -> Result<Map<String, Value>, String> {
    match value {
        Value::Null => Ok(Map::new()),
        Value::Object(map) if map.values().all(Value::is_string) => Ok(map),
        _ => Err(format!("`{at}` is not a map of texts")),
    }
}

/// What the engine takes for its own default.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(it) => !it,
        Value::Number(it) => it.as_f64() == Some(0.0),
        Value::String(it) => it.is_empty(),
        Value::Array(it) => it.is_empty(),
        Value::Object(it) => it.values().all(is_nothing),
    }
}

fn named(at: &str) -> String {
    match at {
        "" => "the body".to_owned(),
        at => format!("`{at}`"),
    }
}

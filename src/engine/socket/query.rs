//! What follows the question mark: taken key by key, and what is left over must mean nothing.

use url::form_urlencoded;

/// The longest query. `--build-arg` can be long.
const MOST: usize = 256 << 10;

/// The pairs that nobody has taken yet.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        // Old engines part pairs at a semicolon as well.
        let odd = |c: char| c == ';' || c.is_control() || !c.is_ascii();
        if text.len() > MOST || text.contains(odd) {
            return Err("the query is too long, or has characters that are not understood".into());
        }
        let pairs: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes())
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        let broken = |it: &str| it.contains(['\u{fffd}', '\0']);
        if pairs.iter().any(|(key, value)| broken(key) || broken(value)) {
            return Err("the query is not text".into());
        }
        Ok(Self(pairs))
    }

    /// Every value of a key.
    pub(super) fn take_all(&mut self, key: &str) -> Vec<String> {
        let (taken, left) = std::mem::take(&mut self.0).into_iter().partition(|it| it.0 == key);
        self.0 = left;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// The value of a key; empty when there is none.
    pub(super) fn take(&mut self, key: &str) -> Result<String, String> {
        let mut taken = self.take_all(key);
        match taken.len() {
            0 => Ok(String::new()),
            1 => Ok(taken.remove(0)),
            _ => Err(format!("`{key}` stands in the query more than once")),
        }
    }

    /// A switch, as the engine reads it.
    pub(super) fn take_bool(&mut self, key: &str) -> Result<bool, String> {
        Ok(!is_nothing(self.take(key)?.trim()))
    }

    /// The values of these keys go along as they are.
    pub(super) fn keep(&mut self, keys: &[&str], kept: &mut Kept) -> Result<(), String> {
        for key in keys {
            let value = self.take(key)?;
            if !value.is_empty() {
                kept.add(key, &value);
            }
        }
        Ok(())
    }

    /// What is left over must say nothing.
    pub(super) fn finish(self) -> Result<(), String> {
        let left = self.0.iter().find(|(_, value)| !is_nothing(value));
        left.map_or(Ok(()), |(key, _)| {
            let key: String = key.chars().take(80).collect();
            Err(format!("`{}` is not allowed in this request; leave it out", key.escape_debug()))
        })
    }
}

fn is_nothing(value: &str) -> bool {
    ["", "0", "no", "false", "none", "null", "{}", "[]"]
        .iter()
        .any(|it| it.eq_ignore_ascii_case(value))
}

/// A query of our own.
#[derive(Debug, Default)]
pub(super) struct Kept(Vec<(String, String)>);

impl Kept {
    pub(super) fn add(&mut self, key: &str, value: &str) {
        self.0.push((key.to_owned(), value.to_owned()));
    }

    /// With its question mark, where there is something to say.
    pub(super) fn text(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let mut out = form_urlencoded::Serializer::new(String::from("?"));
        // The serialiser begins with `&` when its text is not empty.
        out = form_urlencoded::Serializer::for_suffix(out.finish(), 1);
        out.extend_pairs(&self.0);
        out.finish()
    }
}

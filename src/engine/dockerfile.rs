//! What a Dockerfile fetches from outside: base images, `COPY --from`, `ADD` of an address.
//!
//! It is read as the engine's classic builder reads it. Where builders differ (which line carries
//! on, which comment is a directive), every reading counts: what any of them would fetch is told.

use std::collections::{HashMap, HashSet};

mod lines;
mod words;

#[cfg(test)]
mod tests;

/// Something from outside of the context.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// An image: `FROM debian:12`, `COPY --from=nginx`. Stages of the file itself are none.
    Image(String),
    /// An address: `ADD https://…`, or one that only a variable tells.
    Address(String),
    /// Another platform than the machine's own, perhaps: `FROM --platform=linux/arm64`.
    Platform(String),
    /// What the classic builder does not know: `RUN --mount`, a here-document.
    BuildKit(String),
}

/// What `text` reaches for, in order. `args` are the values of `--build-arg`; what the environment
/// of a base image says may follow them.
pub fn reaches(text: &str, args: &[(String, String)]) -> Vec<Reach> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for instructions in lines::readings(text) {
        for reach in Reader::new(&instructions, args).read(&instructions) {
            if seen.insert(reach.clone()) {
                found.push(reach);
            }
        }
    }
    found
}

/// Reads instructions one after the other.
struct Reader<'a> {
    args: &'a [(String, String)],
    /// What `FROM` may use: `ARG`s before the first one.
    before: HashMap<String, String>,
    /// Every value that a name has anywhere.
    values: HashMap<String, Vec<String>>,
    stages: HashSet<String>,
    begun: bool,
    found: Vec<Reach>,
}

impl<'a> Reader<'a> {
    fn new(instructions: &[lines::Instruction], args: &'a [(String, String)]) -> Self {
        let mut values: HashMap<String, Vec<String>> = HashMap::new();
        for (key, value) in args {
            values.entry(key.clone()).or_default().push(value.clone());
        }
        let sets = instructions.iter().filter(|it| matches!(it.word.as_str(), "ARG" | "ENV"));
        for (key, value) in sets.flat_map(|it| words::assignments(&it.rest)) {
            values.entry(key).or_default().push(value);
        }
        Self {
            args,
            before: HashMap::new(),
            values,
            stages: HashSet::new(),
            begun: false,
            found: Vec::new(),
        }
    }

    fn read(mut self, instructions: &[lines::Instruction]) -> Vec<Reach> {
        for instruction in instructions {
            self.instruction(&instruction.word, &instruction.rest);
        }
        self.found
    }

    fn instruction(&mut self, word: &str, rest: &str) {
        match word {
            "ARG" if !self.begun => self.arg(rest),
            "FROM" => self.from(rest),
            "COPY" => self.copy(rest),
            "ADD" => self.add(rest),
            "RUN" => self.run(rest),
            "ONBUILD" => {
                let (word, rest) = lines::split(rest);
                self.instruction(&word, &rest);
            }
            _ => (),
        }
    }

    fn arg(&mut self, rest: &str) {
        for word in rest.split_whitespace() {
            let (name, default) = word.split_once('=').unwrap_or((word, ""));
            let given =
                self.args.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
            let value = given.or_else(|| words::expand(words::unquoted(default)?, &self.before));
            match value {
                Some(value) => self.before.insert(name.to_owned(), value),
                None => self.before.remove(name),
            };
        }
    }

    fn from(&mut self, rest: &str) {
        self.begun = true;
        let (flags, words) = words::flags(rest);
        for flag in flags {
            match flag.strip_prefix("--platform=") {
                // The classic builder has no values for these.
                Some(it) if it.contains("BUILDPLATFORM") || it.contains("TARGETPLATFORM") => {
                    self.buildkit(flag);
                }
                Some(it) => match words::expand(it, &self.before) {
                    Some(platform) => self.found.push(Reach::Platform(platform)),
                    None => self.found.push(Reach::Platform(it.to_owned())),
                },
                None => self.buildkit(flag),
            }
        }
        let Some(image) = words.first() else { return };
        match words::unquoted(image).and_then(|it| words::expand(it, &self.before)) {
            Some(name) => self.image(&name, image),
            None => self.found.push(Reach::Address(format!("FROM {image}"))),
        }
        if let [_, _as, name, ..] = words.as_slice() {
            self.stages.insert(name.to_lowercase());
        }
    }

    fn image(&mut self, name: &str, written: &str) {
        if name.is_empty() {
            self.found.push(Reach::Address(format!("FROM {written}")));
        } else if name != "scratch" && !self.stages.contains(&name.to_lowercase()) {
            self.found.push(Reach::Image(name.to_owned()));
        }
    }

    fn copy(&mut self, rest: &str) {
        let (flags, words) = words::flags(rest);
        for flag in flags {
            match flag.strip_prefix("--from=") {
                Some(from) if from.contains(['$', '"', '\'', '\\', '`']) => {
                    self.found.push(Reach::Address(format!("COPY {flag}")));
                }
                Some(from) if from.parse::<i64>().is_ok() => (),
                Some("") => (),
                Some(from) => self.image(from, flag),
                None if flag.starts_with("--chown=") => (),
                None => self.buildkit(flag),
            }
        }
        self.here_document(&words);
    }

    fn add(&mut self, rest: &str) {
        let (flags, words) = words::flags(rest);
        for flag in flags.into_iter().filter(|it| !it.starts_with("--chown=")) {
            self.buildkit(flag);
        }
        self.here_document(&words);
        let list = words::list(words::after_flags(rest));
        let words = list.unwrap_or_else(|| words.iter().map(|it| (*it).to_owned()).collect());
        let sources = words.len().saturating_sub(1).max(1);
        for source in words.iter().take(sources) {
            if self.may_be_an_address(source) {
                self.found.push(Reach::Address(format!("ADD {source}")));
            }
        }
    }

    /// An address has a colon. One that is put together from variables has it in one of them.
    fn may_be_an_address(&self, source: &str) -> bool {
        let plain: String = source.chars().filter(|it| !"\"'\\`".contains(*it)).collect();
        if plain.contains("://") || plain.to_lowercase().starts_with("git@") {
            return true;
        }
        let Some((head, _)) = plain.split_once('$') else { return false };
        let beginning = ["http:", "https:", "ftp:", "git:", "git@", "ssh:"];
        if !beginning.iter().any(|it| it.starts_with(&head.to_lowercase())) {
            return false;
        }
        let Some(names) = words::names(&plain) else { return true };
        let odd = |value: &String| value.contains([':', '@', '$']);
        plain.contains([':', '@'])
            || names.iter().any(|it| self.values.get(it).is_none_or(|all| all.iter().any(odd)))
    }

    fn run(&mut self, rest: &str) {
        let (flags, words) = words::flags(rest);
        for flag in flags {
            self.buildkit(flag);
        }
        if words::list(words::after_flags(rest)).is_none() {
            self.here_document(&words);
        }
    }

    fn here_document(&mut self, words: &[&str]) {
        let begins = |it: &&&str| {
            let rest = it.trim_start_matches(|c: char| c.is_ascii_digit());
            let name = rest.strip_prefix("<<").map(|it| it.strip_prefix('-').unwrap_or(it));
            name.is_some_and(|it| {
                let it = it.trim_start_matches(['"', '\'']);
                it.starts_with(|c: char| c.is_alphanumeric() || c == '_')
            })
        };
        if let Some(word) = words.iter().find(begins) {
            self.buildkit(word);
        }
    }

    fn buildkit(&mut self, what: &str) {
        self.found.push(Reach::BuildKit(what.to_owned()));
    }
}

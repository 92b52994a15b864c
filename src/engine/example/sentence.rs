//! Sentences about calls, in English. Strict: a word that is not known between a verb and a value
//! takes the value's meaning away.

use super::claim::{Claim, Item, Result};
use super::value::{Call, Value};

mod words;
use words::{CLAUSES, COMPLAINTS, CONDITIONS, FILLERS, NEGATIONS, RAISES, SAYS, WANTS};

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    None,
    Says,
    Wants,
    Raises { wanted: bool },
}

/// The state of a reader that goes from item to item.
struct Reader<'a> {
    items: &'a [Item],
    claims: Vec<Claim>,
    subjects: Vec<Call>,
    mode: Mode,
    negated: bool,
    flipped: bool,
    said: Option<Result>,
    wanted: Option<Result>,
    complaint: bool,
    poisoned: bool,
    /// Whether the sentence is under a condition.
    condition: bool,
    /// Sentences since the subject was named.
    age: usize,
    /// Whether the last item can make the next value the verb's.
    near: bool,
}

/// What a paragraph says. `subject`: the call that it begins about, as a comment behind one does.
pub(super) fn claims(items: &[Item], subject: Option<Call>) -> Vec<Claim> {
    let mut reader = Reader {
        items,
        claims: Vec::new(),
        mode: if subject.is_some() { Mode::Says } else { Mode::None },
        near: subject.is_some(),
        subjects: subject.into_iter().collect(),
        negated: false,
        flipped: false,
        said: None,
        wanted: None,
        complaint: false,
        poisoned: false,
        condition: false,
        age: 0,
    };
    for at in 0..items.len() {
        reader.item(at);
    }
    reader.flush();
    reader.claims
}

impl Reader<'_> {
    fn item(&mut self, at: usize) {
        let Some(item) = self.items.get(at) else { return };
        match item {
            Item::Call(call) => self.call(call, at),
            Item::Pair(call, value) => {
                self.flush();
                self.subjects = vec![call.clone()];
                (self.said, self.poisoned) = (Some(Result::Value(value.clone())), self.condition);
            }
            Item::Value(value) => self.value(value, at),
            Item::Word(word) => self.word(word, at),
            Item::Code(code) if super::is_error(code) => self.error(code),
            Item::Code(code) => self.bare(code, at),
            Item::Arrow => (self.mode, self.near) = (Mode::Says, true),
            Item::Colon => {}
            Item::Comma => {
                self.near = false;
                if self.mode != Mode::None && !self.wants() {
                    self.mode = Mode::None;
                }
            }
            Item::Stop => self.stop(),
            Item::Wide(_) | Item::Other => (self.mode, self.near) = (Mode::None, false),
        }
    }

    fn wants(&self) -> bool {
        matches!(self.mode, Mode::Wants | Mode::Raises { wanted: true })
    }

    fn call(&mut self, call: &Call, at: usize) {
        let before = at.checked_sub(1).and_then(|at| self.items.get(at));
        if self.near && !self.subjects.is_empty() && matches!(self.mode, Mode::Says | Mode::Wants) {
            return self.value(&Value::Call(call.clone()), at);
        }
        let joins = match before {
            Some(Item::Word(word)) => ["and", "or"].contains(&word.as_str()),
            Some(Item::Comma) => true,
            _ => false,
        };
        let bare = self.said.is_none() && self.wanted.is_none() && self.mode == Mode::None;
        if !(joins && bare && self.age == 0 && !self.subjects.is_empty()) {
            self.flush();
            self.subjects.clear();
        }
        self.subjects.push(call.clone());
        self.poisoned |= self.condition;
    }

    fn value(&mut self, value: &Value, at: usize) {
        if self.subjects.is_empty() {
            return;
        }
        self.result(Result::Value(value.clone()), at);
    }

    /// Code that is no literal may be a text without its quotes.
    fn bare(&mut self, code: &str, at: usize) {
        match self.subjects.is_empty() || code.contains('\n') {
            true => self.near = false,
            false => self.result(Result::Bare(code.to_owned()), at),
        }
    }

    fn result(&mut self, value: Result, at: usize) {
        let is_expected = self.expected_after(at);
        if !self.follows_well(at) {
            // `3 items` is no 3.
            self.poisoned |= self.near || self.flipped || is_expected;
        } else if self.flipped {
            match (&self.wanted, &self.said) {
                (Some(_), None) => self.said = Some(value),
                (None, Some(_)) => self.wanted = Some(value),
                _ => self.poisoned = true,
            }
        } else if is_expected {
            self.want(value);
        } else if self.near && self.negated {
            // What it should not be, or is not: neither helps.
        } else if self.near && self.mode == Mode::Wants {
            self.want(value);
        } else if self.near && self.mode == Mode::Says {
            self.say(value);
        }
        (self.near, self.flipped) = (false, false);
        self.mode = Mode::None;
    }

    fn want(&mut self, it: Result) {
        match &self.wanted {
            None => self.wanted = Some(it),
            Some(known) => self.poisoned |= *known != it,
        }
    }

    fn say(&mut self, it: Result) {
        match &self.said {
            None => self.said = Some(it),
            Some(known) => self.poisoned |= *known != it,
        }
    }

    fn word(&mut self, word: &str, at: usize) {
        self.complaint |= COMPLAINTS.contains(&word) && !self.subjects.is_empty();
        let next =
            |word: &str| matches!(self.items.get(at + 1), Some(Item::Word(it)) if it == word);
        let calls = matches!(self.items.get(at + 1), Some(Item::Call(_)));
        if super::is_error(word) {
            return self.error(word);
        }
        if NEGATIONS.contains(&word) {
            // `should be 3, not 4`
            let before = at.checked_sub(1).and_then(|at| self.items.get(at));
            match (before, &self.wanted) {
                (Some(Item::Comma | Item::Value(_)), Some(_)) if word == "not" => {
                    self.flipped = true
                }
                _ => self.negated = true,
            }
            if word == "shouldn't" {
                (self.mode, self.near) = (Mode::Wants, true);
            }
        } else if word == "instead" || word == "rather" {
            self.flipped |= next("of") || next("than");
        } else if matches!(word, "of" | "than") && self.flipped {
        } else if WANTS.contains(&word) {
            (self.mode, self.near) = (Mode::Wants, true);
        } else if RAISES.contains(&word) {
            self.mode = Mode::Raises { wanted: self.wants() };
            self.near = true;
            if self.negated && self.mode == (Mode::Raises { wanted: true }) {
                self.want(Result::Returns);
            }
        } else if SAYS.contains(&word) {
            if !self.wants() {
                self.mode = Mode::Says;
            }
            self.near = true;
        } else if CLAUSES.contains(&word) {
            (self.mode, self.negated, self.near) = (Mode::None, false, false);
        } else if CONDITIONS.contains(&word) {
            let says = ["i", "you", "we", "calling", "called", "running"];
            let runs = matches!(self.items.get(at + 1), Some(Item::Word(it)) if says.contains(&it.as_str()));
            if !(word == "when" && (calls || runs)) {
                self.condition = true;
                self.poisoned |= !self.subjects.is_empty();
            }
        } else if matches!(word, "in" | "of" | "from" | "for" | "at" | "on") {
            // `add(2, 2)` in calc.py: where it is, before any verb.
            let named =
                matches!(self.items.get(at + 1), Some(Item::Word(it)) if it.contains(['.', '/']));
            let code = matches!(self.items.get(at + 1), Some(Item::Code(_)));
            if !(named || code || calls) {
                (self.mode, self.near) = (Mode::None, false);
            }
        } else if !FILLERS.contains(&word) && !word.contains(['.', '/']) {
            (self.mode, self.near) = (Mode::None, false);
        }
    }

    /// An error's name, behind a verb.
    fn error(&mut self, word: &str) {
        let name = word.rsplit(['.', ':']).next().unwrap_or(word).trim_end_matches("()");
        let names = super::is_error(name);
        match self.mode {
            Mode::Raises { wanted } if names && self.near && !self.subjects.is_empty() => {
                match (wanted, self.negated) {
                    (true, false) => self.want(Result::Raises(name.to_owned())),
                    (false, false) => self.say(Result::Raises(name.to_owned())),
                    _ => {}
                }
                (self.mode, self.near) = (Mode::None, false);
            }
            _ if names => self.near = false,
            _ => self.near = false,
        }
    }

    fn stop(&mut self) {
        (self.mode, self.negated, self.flipped) = (Mode::None, false, false);
        (self.condition, self.near) = (false, false);
        self.age += 1;
        if self.age > 1 {
            self.flush();
            self.subjects.clear();
        }
    }

    /// `… is expected`, `… expected`.
    fn expected_after(&self, at: usize) -> bool {
        let word = |ahead: usize| match self.items.get(at + ahead) {
            Some(Item::Word(it)) => it.as_str(),
            _ => "",
        };
        match word(1) {
            "is" | "was" | "were" | "would" => ["expected", "wanted", "correct", "right"]
                .iter()
                .any(|it| word(2) == *it || (word(2) == "be" && word(3) == *it)),
            // `3 expected`, and not `3, expected 4`.
            "expected" | "wanted" => {
                !matches!(self.items.get(at + 2), Some(Item::Value(_) | Item::Colon))
            }
            _ => false,
        }
    }

    /// Whether a value is all that is said, and not the beginning of something longer.
    fn follows_well(&self, at: usize) -> bool {
        match self.items.get(at + 1) {
            None | Some(Item::Stop | Item::Comma | Item::Colon) => true,
            Some(Item::Word(word)) => {
                let list = matches!(self.items.get(at + 2), Some(Item::Value(_)));
                match word.as_str() {
                    "and" | "or" => !list || self.expected_after(at + 2),
                    "is" | "was" | "were" | "would" => {
                        self.expected_after(at)
                            || matches!(self.items.get(at + 2), Some(Item::Word(it)) if it == "wrong")
                    }
                    word => {
                        CLAUSES.contains(&word)
                            || [
                                "instead",
                                "rather",
                                "expected",
                                "wanted",
                                "here",
                                "today",
                                "now",
                                "currently",
                                "too",
                                "not",
                            ]
                            .contains(&word)
                    }
                }
            }
            Some(_) => false,
        }
    }

    /// Writes down what is known of the subjects.
    fn flush(&mut self) {
        let (said, wanted) = (self.said.take(), self.wanted.take());
        let same = said.is_some() && said == wanted;
        if !self.poisoned && !same && (said.is_some() || wanted.is_some()) {
            self.claims.extend(self.subjects.iter().map(|call| Claim {
                call: call.clone(),
                said: said.clone(),
                wanted: wanted.clone(),
                complaint: self.complaint,
            }));
        }
        (self.mode, self.negated, self.flipped) = (Mode::None, false, false);
        (self.complaint, self.poisoned, self.age, self.near) = (false, false, 0, false);
    }
}

//! Literals, and calls with nothing but literals in them, as people write them in issues. What is
//! not understood to its last character is no value: nothing of an issue runs that is anything else.

/// The deepest nesting, and the longest list: an example has neither.
const DEEPEST: usize = 8;
const LONGEST: usize = 200;

/// A value, in no language yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// `None`, `null`, `nil`, `NULL`.
    Null,
    /// `undefined`, `NaN`, `Infinity`: words of JavaScript's.
    Word(&'static str),
    Bool(bool),
    /// As it is written, without `_`.
    Number(String),
    Text(String, Quotes),
    List(Vec<Value>),
    /// Rust's `vec![…]`.
    Vector(Vec<Value>),
    Tuple(Vec<Value>),
    Set(Vec<Value>),
    Map(Vec<(Value, Value)>),
    /// Rust's `&…`.
    Borrowed(Box<Value>),
    /// Rust's `Some(…)`, `Ok(…)`, `Err(…)`, `String::from(…)`.
    Wrapped(&'static str, Box<Value>),
    Call(Call),
}

/// How a text is written: it may be a character, or a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quotes {
    Double,
    Single,
    /// A key of JavaScript's: `{a: 1}`.
    Bare,
}

/// A call of a function by its name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    /// What stands before the name: `stats` of `stats.median`.
    pub(super) scope: Vec<String>,
    pub(super) name: String,
    pub(super) args: Vec<Value>,
    /// Python's: `width=3`.
    pub(super) named: Vec<(String, Value)>,
}

impl Value {
    /// All of `text`, and no more.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let (value, rest) = Self::begins(text)?;
        rest.trim().is_empty().then_some(value)
    }

    /// The value that `text` begins with, and what follows it.
    pub(super) fn begins(text: &str) -> Option<(Self, &str)> {
        let mut reader = Reader { rest: text, depth: 0 };
        let value = reader.value()?;
        Some((value, reader.rest))
    }

    /// The calls in it, the outermost first.
    pub(super) fn calls(&self) -> Vec<&Call> {
        match self {
            Self::Call(call) => {
                let inner = call.args.iter().chain(call.named.iter().map(|(_, it)| it));
                std::iter::once(call).chain(inner.flat_map(Self::calls)).collect()
            }
            Self::List(all) | Self::Vector(all) | Self::Tuple(all) | Self::Set(all) => {
                all.iter().flat_map(Self::calls).collect()
            }
            Self::Map(all) => all.iter().flat_map(|(_, it)| it.calls()).collect(),
            Self::Borrowed(it) | Self::Wrapped(_, it) => it.calls(),
            _ => Vec::new(),
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, what: &str) -> bool {
        self.space();
        match self.rest.strip_prefix(what) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Option<Value> {
        self.space();
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let value = match self.rest.chars().next()? {
            '"' | '\'' => self.text()?,
            '[' => Value::List(self.inside("[", "]")?.0),
            '(' => match self.inside("(", ")")? {
                // Brackets around one value are no tuple.
                (mut one, false) if one.len() == 1 => one.pop()?,
                (many, _) => Value::Tuple(many),
            },
            '{' => self.braces()?,
            '&' => {
                self.rest = &self.rest[1..];
                Value::Borrowed(Box::new(self.value()?))
            }
            it if it.is_ascii_digit() || matches!(it, '-' | '+' | '.') => self.number()?,
            it if it.is_ascii_alphabetic() || matches!(it, '_' | '$') => self.word()?,
            _ => return None,
        };
        self.depth -= 1;
        Some(self.owned(value))
    }

    /// Rust's `"x".to_string()`.
    fn owned(&mut self, value: Value) -> Value {
        let Value::Text(_, Quotes::Double) = &value else { return value };
        for suffix in [".to_string()", ".to_owned()", ".into()"] {
            if let Some(rest) = self.rest.strip_prefix(suffix) {
                self.rest = rest;
                return Value::Wrapped("String::from", Box::new(value));
            }
        }
        value
    }

    /// Values between brackets, and whether a comma came last.
    fn inside(&mut self, open: &str, close: &str) -> Option<(Vec<Value>, bool)> {
        let mut found = Vec::new();
        let mut comma = false;
        if !self.eat(open) {
            return None;
        }
        while !self.eat(close) {
            if found.len() == LONGEST || (!found.is_empty() && !comma) {
                return None;
            }
            found.push(self.value()?);
            comma = self.eat(",");
        }
        Some((found, comma))
    }

    fn braces(&mut self) -> Option<Value> {
        self.eat("{");
        let (mut pairs, mut members) = (Vec::new(), Vec::new());
        let mut comma = true;
        while !self.eat("}") {
            if !comma || pairs.len() + members.len() == LONGEST {
                return None;
            }
            let key = self.key()?;
            match self.eat(":") {
                true => pairs.push((key, self.value()?)),
                false => members.push(key),
            }
            comma = self.eat(",");
        }
        match (pairs.is_empty(), members.is_empty()) {
            (_, true) => Some(Value::Map(pairs)),
            (true, false) => {
                let bare = |it: &Value| matches!(it, Value::Text(_, Quotes::Bare));
                (!members.iter().any(bare)).then_some(Value::Set(members))
            }
            (false, false) => None,
        }
    }

    /// A key may be a name, where a colon follows.
    fn key(&mut self) -> Option<Value> {
        self.space();
        let name = name(self.rest);
        let after = self.rest[name.len()..].trim_start();
        if !name.is_empty() && after.starts_with(':') {
            self.rest = after;
            return Some(Value::Text(name.to_owned(), Quotes::Bare));
        }
        self.value()
    }

    fn text(&mut self) -> Option<Value> {
        let quote = self.rest.chars().next()?;
        let mut out = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        loop {
            let (at, it) = chars.next()?;
            match it {
                it if it == quote => {
                    self.rest = &self.rest[at + 1..];
                    // `'''` and `""` next to each other are more than one text.
                    if self.rest.starts_with(['"', '\'']) {
                        return None;
                    }
                    let quotes = if quote == '"' { Quotes::Double } else { Quotes::Single };
                    return Some(Value::Text(out, quotes));
                }
                '\n' => return None,
                '\\' => out.push(match chars.next()?.1 {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    it @ ('\\' | '\'' | '"') => it,
                    'x' => escaped(&mut chars, 2)?,
                    'u' => escaped(&mut chars, 4)?,
                    _ => return None,
                }),
                it => out.push(it),
            }
        }
    }

    fn number(&mut self) -> Option<Value> {
        let (minus, body) = match self.rest.strip_prefix('-') {
            Some(body) => ("-", body),
            None => ("", self.rest.strip_prefix('+').unwrap_or(self.rest)),
        };
        let radix = ["0x", "0o", "0b"].iter().any(|it| body.starts_with(it));
        let mut end = if radix { 2 } else { 0 };
        let mut last = ' ';
        for it in body[end..].chars() {
            let exponent = matches!(last, 'e' | 'E') && matches!(it, '-' | '+') && !radix;
            if !(it.is_ascii_alphanumeric() || matches!(it, '_' | '.') || exponent) {
                break;
            }
            (last, end) = (it, end + 1);
        }
        // A sentence may end right after it.
        let written = body[..end].strip_suffix('.').unwrap_or(&body[..end]);
        let plain = written.replace('_', "");
        if !is_number(&plain, radix) {
            return None;
        }
        self.rest = &body[written.len()..];
        Some(Value::Number(format!("{minus}{plain}")))
    }

    fn word(&mut self) -> Option<Value> {
        let mut parts = Vec::new();
        loop {
            let part = name(self.rest);
            if part.is_empty() {
                return None;
            }
            self.rest = &self.rest[part.len()..];
            parts.push(part.to_owned());
            let next = self.rest.strip_prefix("::").or_else(|| self.rest.strip_prefix('.'));
            match next {
                Some(rest) => self.rest = rest,
                None => break,
            }
        }
        let is_call = self.rest.starts_with('(');
        match (parts.as_slice(), is_call) {
            ([one], false) => self.constant(&one.clone()),
            ([one], true) if ["Some", "Ok", "Err"].contains(&one.as_str()) => {
                let name = ["Some", "Ok", "Err"].into_iter().find(|it| it == one)?;
                self.wrapped(name)
            }
            ([a, b], true) if a == "String" && b == "from" => self.wrapped("String::from"),
            (_, true) => self.call(parts),
            _ => None,
        }
    }

    fn wrapped(&mut self, name: &'static str) -> Option<Value> {
        let (mut inner, _) = self.inside("(", ")")?;
        match (inner.pop(), inner.is_empty()) {
            (Some(one), true) => Some(Value::Wrapped(name, Box::new(one))),
            _ => None,
        }
    }

    fn constant(&mut self, word: &str) -> Option<Value> {
        if word == "vec" && self.eat("!") {
            return Some(Value::Vector(self.inside("[", "]")?.0));
        }
        Some(match word {
            "None" | "null" | "nil" | "NULL" => Value::Null,
            "True" | "true" => Value::Bool(true),
            "False" | "false" => Value::Bool(false),
            "undefined" => Value::Word("undefined"),
            "NaN" => Value::Word("NaN"),
            "Infinity" => Value::Word("Infinity"),
            _ => return None,
        })
    }

    fn call(&mut self, mut parts: Vec<String>) -> Option<Value> {
        let name = parts.pop()?;
        let mut call = Call { scope: parts, name, args: Vec::new(), named: Vec::new() };
        self.eat("(");
        let mut comma = true;
        while !self.eat(")") {
            if !comma || call.args.len() + call.named.len() == LONGEST {
                return None;
            }
            self.space();
            let keyword = self::name(self.rest);
            let after = self.rest[keyword.len()..].trim_start();
            let is_named = after.starts_with('=') && !after.starts_with("==");
            if !keyword.is_empty() && is_named && !after.starts_with("=>") {
                self.rest = &after[1..];
                call.named.push((keyword.to_owned(), self.value()?));
            } else if call.named.is_empty() {
                call.args.push(self.value()?);
            } else {
                return None;
            }
            comma = self.eat(",");
        }
        // `f(1).g()` and `f(1)[0]` ask for more than a call.
        let more = self.rest.strip_prefix('.').is_some_and(|it| !name_is_empty(it));
        (!more && !self.rest.starts_with(['[', '('])).then_some(Value::Call(call))
    }
}

fn name_is_empty(text: &str) -> bool {
    name(text).is_empty()
}

/// The name that `text` begins with. ASCII alone: Japanese runs straight on after it.
pub(super) fn name(text: &str) -> &str {
    let inside = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '$');
    let end = text.find(|it| !inside(it)).unwrap_or(text.len());
    let found = &text[..end];
    if found.starts_with(|it: char| it.is_ascii_digit()) { "" } else { found }
}

fn escaped(chars: &mut impl Iterator<Item = (usize, char)>, digits: usize) -> Option<char> {
    let mut code = 0;
    for _ in 0..digits {
        code = code * 16 + chars.next()?.1.to_digit(16)?;
    }
    char::from_u32(code)
}

/// Whether every language reads it as the same number, but for what stands behind it.
fn is_number(text: &str, radix: bool) -> bool {
    if radix {
        return text.len() > 2 && text[2..].chars().all(|it| it.is_ascii_hexdigit());
    }
    let (body, suffix) =
        match text.find(|it: char| it.is_ascii_alphabetic() && it != 'e' && it != 'E') {
            Some(at) => text.split_at(at),
            None => (text, ""),
        };
    const SUFFIXES: [&str; 18] = [
        "", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize",
        "f32", "f64", "n", "L", "u",
    ];
    let octal = body.len() > 1
        && body.starts_with('0')
        && body[1..].starts_with(|it: char| it.is_ascii_digit());
    SUFFIXES.contains(&suffix) && !octal && !body.ends_with('.') && body.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests;

//! A value as a language writes it; `None` where the language has no such thing.

use std::fmt::Write;

use super::value::{Call, Quotes, Value};
use crate::domain::example::Language;

/// A value as a literal of `language`. Calls are written by `name_of`, which says how a function
/// is reached.
pub(super) fn render(
    value: &Value,
    language: Language,
    name_of: &dyn Fn(&Call) -> Option<String>,
) -> Option<String> {
    let one = |it: &Value| render(it, language, name_of);
    let many = |all: &[Value]| {
        let all = all.iter().map(one).collect::<Option<Vec<_>>>()?;
        Some(all.join(", "))
    };
    use Language::{C, JavaScript, Python, Rust, Shell};
    Some(match (value, language) {
        (_, Shell) => return None,
        (Value::Null, Python | Rust) => "None".to_owned(),
        (Value::Null, JavaScript) => "null".to_owned(),
        (Value::Null, C) => "NULL".to_owned(),
        (Value::Word(word), JavaScript) => (*word).to_owned(),
        (Value::Bool(true), Python) => "True".to_owned(),
        (Value::Bool(false), Python) => "False".to_owned(),
        (Value::Bool(it), _) => it.to_string(),
        (Value::Number(it), _) => number(it, language)?,
        (Value::Text(text, Quotes::Single), Rust | C) => character(text)?,
        (Value::Text(_, Quotes::Bare), Python | Rust | C) => return None,
        (Value::Text(text, _), _) => quoted(text, language),
        (Value::List(all), Python | JavaScript | Rust) => format!("[{}]", many(all)?),
        (Value::Vector(all), Rust) => format!("vec![{}]", many(all)?),
        (Value::Tuple(all), Python | Rust) if all.len() == 1 => format!("({},)", many(all)?),
        (Value::Tuple(all), Python | Rust) => format!("({})", many(all)?),
        (Value::Set(all), Python) => format!("{{{}}}", many(all)?),
        (Value::Map(pairs), Python) => {
            let pairs = pairs.iter().map(|(key, it)| Some(format!("{}: {}", one(key)?, one(it)?)));
            format!("{{{}}}", pairs.collect::<Option<Vec<_>>>()?.join(", "))
        }
        (Value::Map(pairs), JavaScript) => {
            // `__proto__` would set the prototype.
            let pairs = pairs.iter().map(|(key, it)| match key {
                Value::Text(name, _) if name == "__proto__" => None,
                Value::Text(..) | Value::Number(_) => Some(format!("{}: {}", one(key)?, one(it)?)),
                _ => None,
            });
            format!("{{{}}}", pairs.collect::<Option<Vec<_>>>()?.join(", "))
        }
        (Value::Borrowed(it), Rust) => format!("&{}", one(it)?),
        (Value::Wrapped(name, it), Rust) => format!("{name}({})", one(it)?),
        (Value::Call(call), _) => {
            let mut args = call.args.iter().map(one).collect::<Option<Vec<_>>>()?;
            match language {
                Python => {
                    for (name, it) in &call.named {
                        args.push(format!("{name}={}", one(it)?));
                    }
                }
                _ if call.named.is_empty() => {}
                _ => return None,
            }
            format!("{}({})", name_of(call)?, args.join(", "))
        }
        _ => return None,
    })
}

/// As people read it: a function by its bare name.
pub(super) fn plain(value: &Value, language: Language) -> Option<String> {
    render(value, language, &|call| Some(call.name.clone()))
}

fn number(text: &str, language: Language) -> Option<String> {
    let plain = text.trim_start_matches('-').starts_with("0x")
        || !text.contains(|it: char| it.is_ascii_alphabetic() && !matches!(it, 'e' | 'E'));
    let fits = match language {
        Language::Rust => true,
        Language::JavaScript => plain || text.ends_with('n'),
        Language::C => plain || text.ends_with(['L', 'u']),
        Language::Python => plain,
        Language::Shell => false,
    };
    fits.then(|| text.to_owned())
}

fn character(text: &str) -> Option<String> {
    let mut chars = text.chars();
    let (one, rest) = (chars.next()?, chars.next());
    let plain = rest.is_none() && (one.is_ascii_graphic() || one == ' ');
    plain.then(|| match one {
        '\'' | '\\' => format!("'\\{one}'"),
        one => format!("'{one}'"),
    })
}

fn quoted(text: &str, language: Language) -> String {
    let mut out = String::from("\"");
    for it in text.chars() {
        match it {
            '"' | '\\' => {
                out.push('\\');
                out.push(it);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            it if it.is_control() && language == Language::Rust => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(it));
            }
            // Three octal digits: a hexadecimal escape of C's has no end.
            it if it.is_control() && language == Language::C => {
                let _ = write!(out, "\\{:03o}", u32::from(it));
            }
            it if it.is_control() => {
                let _ = write!(out, "\\x{:02x}", u32::from(it));
            }
            it => out.push(it),
        }
    }
    out.push('"');
    out
}

//! Where a function is defined that an issue calls.

use super::value::Call;
use crate::domain::example::{Example, Expected, Language};
use crate::engine::guard::{is_test_file, language};
use crate::engine::source::SourceFile;
use crate::engine::symbols::{self, Definition};

/// Folders whose code is not the project's own.
const OTHERS: [&str; 8] =
    ["node_modules", "vendor", "third_party", "dist", "build", "target", ".venv", "venv"];

/// A function that can be called by its name alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) language: Language,
}

/// The functions of a project.
pub(super) struct Places<'a> {
    sources: &'a [SourceFile<'a>],
    functions: Vec<Function>,
    /// What makes values of Python's: classes of the project, and of the library what its files
    /// bring in.
    makers: Vec<Function>,
}

impl<'a> Places<'a> {
    pub(super) fn of(sources: &'a [SourceFile<'a>]) -> Self {
        let own = sources.iter().filter(|it| is_own(it.path));
        let functions = own.flat_map(|file| {
            let language = language_of(file.path);
            let names = language.map(|it| defined(it, file.text)).unwrap_or_default();
            names.into_iter().filter_map(move |name| {
                Some(Function { name, path: file.path.to_owned(), language: language? })
            })
        });
        let functions = functions.collect();
        let own = sources.iter().filter(|it| is_own(it.path));
        let makers = own.filter(|it| language_of(it.path) == Some(Language::Python));
        let makers = makers.flat_map(|file| {
            let made =
                |name| Function { name, path: file.path.to_owned(), language: Language::Python };
            makers_of(file.text).into_iter().map(made)
        });
        let makers = makers.collect();
        Self { sources, functions, makers }
    }

    /// The same as [`Self::find`] for a call within a call, or within what it gives: also of what
    /// makes a value, in the file `known` or else in the only one that has it.
    pub(super) fn find_inner(&self, call: &Call, issue: &str, known: &str) -> Option<&Function> {
        self.find(call, issue, known).or_else(|| {
            let named = |it: &&Function| it.name == call.name && call.scope.is_empty();
            let mut found = self.makers.iter().filter(named);
            let first = found.next()?;
            let alone = found.clone().next().is_none();
            std::iter::once(first).chain(found).find(|it| it.path == known || alone)
        })
    }

    /// The one file that defines what is called: the one of `known`, or that of the text's own
    /// naming, where there are several.
    pub(super) fn find(&self, call: &Call, issue: &str, known: &str) -> Option<&Function> {
        let named = self.functions.iter().filter(|it| it.name == call.name);
        let mut found = named.filter(|it| fits(it, &call.scope)).collect::<Vec<_>>();
        found.dedup_by(|a, b| a.path == b.path);
        if let Some(it) = found.iter().find(|it| !known.is_empty() && it.path == known) {
            return Some(it);
        }
        match found.as_slice() {
            [one] => Some(one),
            _ => {
                let mut named = found.into_iter().filter(|it| issue.contains(&it.path));
                named.next().filter(|_| named.next().is_none())
            }
        }
    }

    /// What is defined under this name at the top level of one file alone: a function, a class, a
    /// type, a constant. `known` is a text that names the file, where there are several.
    pub(super) fn defined(&self, name: &str, known: &str) -> Option<Function> {
        let call =
            Call { scope: Vec::new(), name: name.to_owned(), args: Vec::new(), named: Vec::new() };
        if let Some(it) = self.find(&call, known, "").or_else(|| self.find_inner(&call, known, ""))
        {
            return Some(it.clone());
        }
        let files = self.sources.iter().filter(|it| is_own(it.path));
        let mut found = files.filter_map(|file| {
            let language = language_of(file.path)?;
            let is_it = |it: &Definition| it.container.is_none() && it.name == name;
            let has = language::mentions(file.text, name)
                && symbols::outline(file.path, file.text)?.definitions.iter().any(is_it);
            has.then(|| Function { name: name.to_owned(), path: file.path.to_owned(), language })
        });
        let first = found.next()?;
        match found.next() {
            None => Some(first),
            Some(second) => {
                let all = [first, second].into_iter().chain(found);
                let mut named = all.filter(|it| known.contains(&it.path));
                named.next().filter(|_| named.next().is_none())
            }
        }
    }

    /// The language that a function would be written in that is not there yet: where all of the
    /// project's sources have one.
    pub(super) fn only_language(&self) -> Option<Language> {
        let own = self.sources.iter().filter(|it| is_own(it.path));
        let mut languages = own.filter_map(|it| language_of(it.path));
        let first = languages.next()?;
        languages.all(|it| it == first).then_some(first)
    }

    /// Whether the name stands anywhere: as a method, in a comment, in a test.
    pub(super) fn mentions(&self, name: &str) -> bool {
        self.sources.iter().any(|it| language::mentions(it.text, name))
    }

    /// Whether the option stands in any file, and not as a part of another word.
    pub(super) fn says(&self, option: &str) -> bool {
        let is_part = |it: char| it.is_alphanumeric() || matches!(it, '-' | '_');
        self.sources.iter().any(|it| {
            it.text.match_indices(option).any(|(at, _)| {
                let (before, after) = (&it.text[..at], &it.text[at + option.len()..]);
                !before.ends_with(is_part) && !after.starts_with(is_part)
            })
        })
    }

    /// A file of the project's by its path, with or without `./`.
    pub(super) fn file(&self, path: &str) -> Option<&SourceFile<'a>> {
        let path = path.strip_prefix("./").unwrap_or(path);
        self.sources.iter().find(|it| it.path == path)
    }

    /// Whether all that an example calls is there now.
    pub(super) fn has(&self, example: &Example) -> bool {
        if example.expected == Expected::Passes {
            return super::snippet::is_there(example, self);
        }
        super::calls_of(example).iter().all(|it| self.find_inner(it, "", &example.path).is_some())
    }
}

/// Classes at the top level of a file of Python's, and those of the library that stand for a value
/// and nothing else.
fn makers_of(text: &str) -> Vec<String> {
    const VALUES: [&str; 8] =
        ["Decimal", "Fraction", "date", "datetime", "time", "timedelta", "Path", "PurePath"];
    let code = language::Code::of(language::Language::Python, text);
    let lines = code.text.lines().zip(&code.begins_in_code).filter(|(_, code)| **code);
    let made = lines.flat_map(|(line, _)| match line.strip_prefix("class ") {
        Some(rest) => Vec::from([super::value::name(rest).to_owned()]),
        None if line.starts_with("from ") => {
            let names = line.split_once(" import ").map_or("", |it| it.1).split(',');
            let known = names.map(str::trim).filter(|it| VALUES.contains(it));
            known.map(str::to_owned).collect()
        }
        None => Vec::new(),
    });
    made.filter(|it| !it.is_empty()).collect()
}

fn is_own(path: &str) -> bool {
    !is_test_file(path) && !path.split('/').any(|it| OTHERS.contains(&it))
}

/// The language of a file whose functions can be called.
pub(in crate::engine) fn language_of(path: &str) -> Option<Language> {
    Some(match language::extension(path) {
        "py" => Language::Python,
        "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" => Language::JavaScript,
        "rs" => Language::Rust,
        "c" => Language::C,
        _ => return None,
    })
}

/// Whether what stands before a call's name can be that function's module.
fn fits(function: &Function, scope: &[String]) -> bool {
    let Some(last) = scope.last() else { return true };
    let stem = language::stem(&function.path);
    // `mod.rs`, `index.js` and `__init__.py` are called as their folder is.
    let folder = function.path.rsplit('/').nth(1).unwrap_or_default();
    last == stem || (matches!(stem, "mod" | "index" | "__init__" | "lib") && last == folder)
}

/// The functions at a file's top level, that others may call.
fn defined(language: Language, text: &str) -> Vec<String> {
    // Strings and comments hold code too, that is none.
    let lexed = match language {
        Language::Python => language::Language::Python,
        Language::JavaScript => language::Language::JavaScript,
        Language::Rust => language::Language::Rust,
        Language::C => language::Language::C,
        Language::Shell => return Vec::new(),
    };
    let code = language::Code::of(lexed, text);
    let lines = code.text.lines().zip(&code.begins_in_code).filter(|(_, code)| **code);
    lines.filter_map(|(line, _)| definition(language, line)).collect()
}

/// The name of a function that this line defines at the top level.
fn definition(language: Language, line: &str) -> Option<String> {
    use super::value::name;
    let found = match language {
        // An `async` function gives no value by itself.
        Language::Python => name(line.strip_prefix("def ")?),
        Language::Rust => {
            let rest = line.strip_prefix("pub ")?;
            name(rest.strip_prefix("const ").unwrap_or(rest).strip_prefix("fn ")?)
        }
        Language::JavaScript => {
            let rest = line.strip_prefix("export ").unwrap_or(line);
            let rest = rest.strip_prefix("default ").unwrap_or(rest);
            match rest.strip_prefix("function ") {
                Some(rest) => name(rest.trim_start()),
                None => arrow(rest)?,
            }
        }
        Language::C => c_function(line)?,
        Language::Shell => return None,
    };
    (!found.is_empty()).then(|| found.to_owned())
}

/// `const f = (a) => …`, `const f = function (a) …`, `exports.f = …`, `module.exports.f = …`.
fn arrow(line: &str) -> Option<&str> {
    let before = ["const ", "let ", "var ", "exports.", "module.exports."];
    let rest = before.iter().find_map(|it| line.strip_prefix(it))?;
    let found = super::value::name(rest);
    let (_, made) = rest[found.len()..].split_once('=')?;
    let made = made.trim_start();
    let is_function = made.starts_with("function")
        || (made.contains("=>") && (made.starts_with('(') || !super::value::name(made).is_empty()));
    (is_function && !made.starts_with("async")).then_some(found)
}

/// `int add(int a, int b) {` at the line's start, and neither `static` nor a declaration.
fn c_function(line: &str) -> Option<&str> {
    let starts = line.starts_with(|it: char| it.is_ascii_alphabetic());
    let other = ["static ", "typedef ", "return ", "else ", "struct {"];
    if !starts || line.trim_end().ends_with(';') || other.iter().any(|it| line.starts_with(it)) {
        return None;
    }
    let (head, _) = line.split_once('(')?;
    let at = head.rfind(|it: char| !(it.is_ascii_alphanumeric() || it == '_'))?;
    let found = super::value::name(&head[at + 1..]);
    (!found.is_empty() && !head.contains('=')).then_some(found)
}

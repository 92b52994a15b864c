//! Rust: a crate of our own that depends on the project's library, with a program for each example,
//! so that one that does not compile takes no other along.

use super::snippet::Statements;
use super::{Check, Steps, Trial, file};
use crate::engine::example::place::Function;
use crate::engine::source::SourceFile;
use crate::engine::symbols;

/// A library crate of the project's.
struct Library {
    /// Its folder, from the repository's root; empty: the root itself.
    folder: String,
    name: String,
    /// The name as code has it.
    code: String,
}

pub(super) fn steps(trial: &Trial<'_>, sources: &[SourceFile<'_>]) -> Option<Steps> {
    let (Check::Value(expected), given) = (&trial.expected, &trial.given) else { return None };
    let returns = returns(trial.functions.first()?.1, sources);
    let expected = as_type(expected, &returns);
    let given = match given {
        None => "true".to_owned(),
        Some(Check::Value(it)) => format!("got == {}", as_type(it, &returns)),
        Some(_) => return None,
    };
    let library = library(&trial.functions.first()?.1.path, sources)?;
    let mut uses = String::new();
    for (name, function) in &trial.functions {
        let path = public_path(function, &library, sources)?;
        uses.push_str(&format!("use {path} as {name};\n"));
    }
    let nth = trial.nth;
    // A word of the program's: this floor itself touches no file.
    let files = "fs";
    let text = format!(
        "{uses}use std::io::Write;\nuse std::os::fd::FromRawFd;\n\n\
         #[allow(unused_parens)]\nfn main() {{\n    std::panic::set_hook(Box::new(|_| {{}}));\n\
         \x20   let told = std::panic::catch_unwind(|| {{\n        let got = {};\n\
         \x20       let (holds, as_said) = (got == {expected}, {given});\n\
         \x20       (holds, as_said, format!(\"{{:?}}\", got))\n    }});\n\
         \x20   let (kind, as_said, text) = match told {{\n\
         \x20       Ok((holds, as_said, text)) => (if holds {{ \"holds\" }} else {{ \"gives\" }}, as_said, text),\n\
         \x20       Err(_) => (\"gives\", {}, \"it panics\".to_owned()),\n    }};\n\
         \x20   let as_said = if as_said {{ \"yes\" }} else {{ \"no\" }};\n\
         \x20   let text = text.split_whitespace().collect::<Vec<_>>().join(\" \");\n\
         \x20   let mut out = unsafe {{ std::{files}::File::from_raw_fd(3) }};\n\
         \x20   let _ = write!(out, \"{{kind}} {{as_said}} {{text}}\");\n}}\n",
        trial.call,
        trial.given.is_none()
    );
    Some(program(nth, &text, &library))
}

/// What an assertion says that fails is in what it panics with.
const PASSES: &str = r#"
    let (kind, text) = match told {
        Ok(()) => ("holds", "passes".to_owned()),
        Err(it) => {
            let text = it.downcast_ref::<String>().cloned();
            let text = text.or_else(|| it.downcast_ref::<&str>().map(|it| (*it).to_owned()));
            ("gives", format!("fails: {}", text.unwrap_or_default()))
        }
    };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
"#;

pub(super) fn statements(it: &Statements<'_>, sources: &[SourceFile<'_>]) -> Option<Steps> {
    let library = library(it.path, sources)?;
    let mut uses = String::new();
    for function in &it.functions {
        uses.push_str(&format!("use {};\n", public_path(function, &library, sources)?));
    }
    // A word of the program's: this floor itself touches no file.
    let (files, statements) = ("fs", &it.text);
    let text = format!(
        "{uses}\n#[allow(unused)]\nfn main() {{\n    std::panic::set_hook(Box::new(|_| {{}}));\n\
         \x20   let told = std::panic::catch_unwind(|| {{\n{statements}\n    }});\n{PASSES}\
         \x20   use std::{{io::Write, os::fd::FromRawFd}};\n\
         \x20   let mut out = unsafe {{ std::{files}::File::from_raw_fd(3) }};\n\
         \x20   let _ = write!(out, \"{{kind}} yes {{text}}\");\n}}\n"
    );
    Some(program(it.nth, &text, &library))
}

/// A crate with this program, which depends on the library.
fn program(nth: usize, text: &str, library: &Library) -> Steps {
    let folder = match library.folder.as_str() {
        "" => "$root".to_owned(),
        folder => format!("$root/{folder}"),
    };
    let program = format!("probe-example-{nth}");
    // The target folder is the project's: its dependencies are built there.
    let before = format!(
        "mkdir -p \"$d/r{nth}/src\"\n\
         printf '[package]\\nname = \"{program}\"\\nversion = \"0.0.0\"\\nedition = \"2021\"\\n\
         [workspace]\\n[dependencies]\\n{name} = {{ path = \"%s\" }}\\n' \"{folder}\" > \"$d/r{nth}/Cargo.toml\"\n\
         [ ! -f Cargo.lock ] || cp Cargo.lock \"$d/r{nth}/Cargo.lock\"\n\
         {source}target=\"${{CARGO_TARGET_DIR:-$root/target}}\"\nrm -f \"$target/debug/{program}\"\n\
         CARGO_TARGET_DIR=\"$target\" cargo build --offline -q --manifest-path \"$d/r{nth}/Cargo.toml\" \
         >/dev/null 2>&1 </dev/null\n",
        name = library.name,
        source = file(&format!("r{nth}/src/main.rs"), text),
    );
    let run = format!("\"$target/debug/{program}\"");
    Steps { before, run, after: format!("rm -f \"$target/debug/{program}\"\n") }
}

/// The folder of a function's crate, from the repository's root, and how a test of the crate names
/// the function; `None` where no other crate reaches it.
pub(in crate::engine::example) fn from_outside(
    function: &Function,
    sources: &[SourceFile<'_>],
) -> Option<(String, String)> {
    let library = library(&function.path, sources)?;
    let path = public_path(function, &library, sources)?;
    Some((library.folder, path))
}

/// A value as the function's type has it.
pub(in crate::engine::example) fn fitted(
    value: &str,
    function: &Function,
    sources: &[SourceFile<'_>],
) -> String {
    as_type(value, &returns(function, sources))
}

/// The type that a function gives, as it is written; empty where it is not known.
fn returns(function: &Function, sources: &[SourceFile<'_>]) -> String {
    let file = sources.iter().find(|it| it.path == function.path);
    let outline = file.and_then(|it| symbols::outline(it.path, it.text));
    let mut found = outline.into_iter().flat_map(|it| it.definitions);
    let head = found.find(|it| it.name == function.name).map(|it| it.signature);
    let head = head.unwrap_or_default();
    head.rsplit_once("->").map_or("", |it| it.1).trim().to_owned()
}

/// A value as a type has it: people write `2.5` for `Some(2.5)`, and `3` for `3.0`.
fn as_type(value: &str, returns: &str) -> String {
    for (around, wrap) in [("Option<", "Some"), ("Result<", "Ok")] {
        let Some((_, inner)) = returns.split_once(around) else { continue };
        let wrapped = ["Some(", "None", "Ok(", "Err("].iter().any(|it| value.starts_with(it));
        if returns.starts_with(around) && !wrapped {
            return format!("{wrap}({})", as_type(value, inner));
        }
    }
    let returns = returns.trim_end_matches('>').split(',').next().unwrap_or_default().trim();
    let digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    match returns {
        "f64" | "f32" if digits(value.trim_start_matches('-')) => format!("{value}.0"),
        "String" if value.starts_with('"') => format!("{value}.to_owned()"),
        _ => value.to_owned(),
    }
}

/// The crate that a file belongs to, if others can depend on it.
fn library(path: &str, sources: &[SourceFile<'_>]) -> Option<Library> {
    let mut folder = path;
    loop {
        folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
        let below = |name: &str| match folder {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        };
        let text = |name: &str| sources.iter().find(|it| it.path == below(name)).map(|it| it.text);
        if let Some(manifest) = text("Cargo.toml") {
            text("src/lib.rs")?;
            let name = field(manifest, "[package]", "name")?;
            let code = field(manifest, "[lib]", "name").unwrap_or_else(|| name.clone());
            let code = code.replace('-', "_");
            return Some(Library { folder: folder.to_owned(), name, code });
        }
        if folder.is_empty() {
            return None;
        }
    }
}

/// A text of a manifest's section.
fn field(manifest: &str, section: &str, key: &str) -> Option<String> {
    let mut lines = manifest.lines().map(str::trim).skip_while(|it| *it != section).skip(1);
    let line = lines
        .by_ref()
        .take_while(|it| !it.starts_with('['))
        .find(|it| it.split('=').next().is_some_and(|it| it.trim() == key))?;
    let value = line.split_once('=')?.1.trim().trim_matches('"').to_owned();
    let plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_');
    (!value.is_empty() && value.chars().all(plain)).then_some(value)
}

/// How a function is reached from outside: through public modules, or by what the crate's root
/// hands on.
fn public_path(
    function: &Function,
    library: &Library,
    sources: &[SourceFile<'_>],
) -> Option<String> {
    let source = match library.folder.as_str() {
        "" => "src/".to_owned(),
        folder => format!("{folder}/src/"),
    };
    let inner = function.path.strip_prefix(&source)?.strip_suffix(".rs")?;
    let root = sources.iter().find(|it| it.path == format!("{source}lib.rs"))?.text;
    let (code, name) = (&library.code, &function.name);
    let modules: Vec<&str> = match inner.strip_suffix("/mod").unwrap_or(inner) {
        "lib" => Vec::new(),
        "main" => return None,
        inner => inner.split('/').collect(),
    };
    let [module] = modules.as_slice() else {
        return modules.is_empty().then(|| format!("{code}::{name}"));
    };
    let lines = || root.lines().map(str::trim);
    if lines().any(|it| it == format!("pub mod {module};")) {
        return Some(format!("{code}::{module}::{name}"));
    }
    let handed = lines().any(|it| {
        let rest = it.strip_prefix("pub use ");
        let rest = rest.map(|it| it.trim_start_matches("crate::").trim_start_matches("self::"));
        let rest = rest.and_then(|it| it.strip_prefix(&format!("{module}::")));
        rest.is_some_and(|it| {
            let names = it.trim_end_matches(';').trim_matches(|it| matches!(it, '{' | '}'));
            names.split(',').map(str::trim).any(|it| it == name || it == "*")
        })
    });
    handed.then(|| format!("{code}::{name}"))
}

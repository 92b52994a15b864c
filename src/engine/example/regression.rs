//! A test for the project, out of examples of an issue that a change has made hold: in a file of its
//! own, in the manner of the tests that are there. Whether the project's runner finds it, and
//! whether it fails without the change, is for a run to say.

use std::collections::BTreeMap;

use super::calls_of;
use super::place::{Function, Places};
use super::probe;
use super::snippet;
use crate::domain::example::{Example, Expected, Language};
use crate::engine::guard::{is_test_file, language::extension};
use crate::engine::source::SourceFile;

/// A file of tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regression {
    /// Where it goes, from the repository's root; nothing is there.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// The test with these examples of the issue number `issue`. `None` where there is no test to take
/// the manner from (Rust needs none), or an example cannot be written that way.
pub fn regression(
    examples: &[Example],
    issue: u64,
    sources: &[SourceFile<'_>],
) -> Option<Regression> {
    let language = examples.first()?.language;
    let of_language = examples.iter().filter(|it| it.language == language);
    let places = Places::of(sources);
    let subject = Subject::of(of_language.collect(), issue, &places)?;
    let found = match language {
        Language::Python => subject.python(sources),
        Language::JavaScript => subject.node(sources),
        Language::Rust => subject.rust(sources),
        Language::C | Language::Shell => None,
    }?;
    (!sources.iter().any(|it| it.path == found.path)).then_some(found)
}

/// What the test is about.
struct Subject<'a> {
    issue: u64,
    /// By the function that is called, in the order of the issue.
    groups: Vec<(String, Vec<&'a Example>)>,
    /// All that is called.
    functions: Vec<Function>,
}

impl<'a> Subject<'a> {
    fn of(examples: Vec<&'a Example>, issue: u64, places: &'a Places<'_>) -> Option<Self> {
        let mut it = Self { issue, groups: Vec::new(), functions: Vec::new() };
        for example in &examples {
            if example.expected == Expected::Passes {
                it.statements(example, &examples, places)?;
                continue;
            }
            let calls = calls_of(example);
            for call in &calls {
                it.uses(places.find_inner(call, "", &example.path)?.clone());
            }
            let name = calls.first()?.name.clone();
            match it.groups.iter_mut().find(|it| it.0 == name) {
                Some(group) => group.1.push(*example),
                None => it.groups.push((name, Vec::from([*example]))),
            }
        }
        let mut names: Vec<&str> = it.functions.iter().map(|it| it.name.as_str()).collect();
        names.sort_unstable();
        // Two of one name would need other names in the test.
        names.windows(2).all(|it| it[0] != it[1]).then_some(it)
    }

    fn uses(&mut self, function: Function) {
        if !self.functions.contains(&function) {
            self.functions.push(function);
        }
    }

    /// Statements are a test of their own, unless a longer example goes on from them.
    fn statements(
        &mut self,
        example: &'a Example,
        all: &[&'a Example],
        places: &Places<'_>,
    ) -> Option<()> {
        let goes_on = |it: &&&Example| {
            it.expected == Expected::Passes
                && it.call.len() > example.call.len()
                && it.call.starts_with(&example.call)
        };
        if all.iter().any(|it| goes_on(&it)) {
            return Some(());
        }
        let found = snippet::read(example)?;
        for function in snippet::functions(example, &found, places)? {
            self.uses(function);
        }
        let mut name = found.called.first().or(found.names.first())?.to_lowercase();
        while self.groups.iter().any(|it| it.0 == name) {
            name += "_again";
        }
        self.groups.push((name, Vec::from([example])));
        Some(())
    }

    /// The test whose manner is taken: one that names a function of these, or else the first.
    fn sibling<'s>(
        &self,
        sources: &'s [SourceFile<'s>],
        fits: impl Fn(&str) -> bool,
    ) -> Option<&'s SourceFile<'s>> {
        let tests = sources.iter().filter(|it| is_test_file(it.path) && fits(name(it.path)));
        let names = |it: &&SourceFile<'_>| self.functions.iter().any(|f| it.text.contains(&f.name));
        tests.clone().find(names).or_else(|| tests.clone().next())
    }

    /// What is brought in, by what names its file: `from` says how a file is named.
    fn brought(&self, from: impl Fn(&Function) -> Option<String>) -> Option<Vec<(String, String)>> {
        let mut all: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for function in &self.functions {
            all.entry(from(function)?).or_default().push(&function.name);
        }
        Some(all.into_iter().map(|(from, names)| (from, names.join(", "))).collect())
    }

    fn python(&self, sources: &[SourceFile<'_>]) -> Option<Regression> {
        let begins = |it: &str| it.starts_with("test_");
        let fits = |it: &str| it.ends_with(".py") && (begins(it) || it.ends_with("_test.py"));
        let sibling = self.sibling(sources, fits)?;
        let issue = self.issue;
        let file = match begins(name(sibling.path)) {
            true => format!("test_issue_{issue}.py"),
            false => format!("issue_{issue}_test.py"),
        };
        let brought = self.brought(|it| Some(module(it, sibling, sources)))?;
        let unittest = sibling.text.contains("unittest");
        let raises = |it: &Example| matches!(it.expected, Expected::Raises(_));
        let pytest = !unittest && self.groups.iter().flat_map(|it| &it.1).any(|it| raises(it));
        let mut text = format!("\"\"\"The examples of issue #{issue}.\"\"\"\n\n");
        if unittest || pytest {
            text += if unittest { "import unittest\n\n" } else { "import pytest\n\n" };
        }
        for (module, names) in brought {
            text += &format!("from {module} import {names}\n");
        }
        let (indent, this) = if unittest { ("    ", "self") } else { ("", "") };
        if unittest {
            text += &format!("\n\nclass Issue{issue}Test(unittest.TestCase):\n");
        }
        for (nth, (function, examples)) in self.groups.iter().enumerate() {
            text += match (unittest, nth) {
                (true, 0) => "",
                (true, _) => "\n",
                (false, _) => "\n\n",
            };
            text += &format!("{indent}def test_{function}({this}):\n");
            for example in examples {
                let Example { call, expected, .. } = example;
                let lines = match (expected, unittest) {
                    (Expected::Value(it), true) => format!("self.assertEqual({call}, {it})"),
                    (Expected::Value(it), false) => format!("assert {call} == {it}"),
                    (Expected::Raises(error), true) => {
                        format!("with self.assertRaises({error}):\n{indent}        {call}")
                    }
                    (Expected::Raises(error), false) => {
                        format!("with pytest.raises({error}):\n{indent}        {call}")
                    }
                    (Expected::Returns, _) => call.clone(),
                    (Expected::Passes, _) => {
                        snippet::statements(example)?.join(&format!("\n{indent}    "))
                    }
                    (Expected::Prints(_) | Expected::Understood | Expected::Exits(_), _) => {
                        return None;
                    }
                };
                text += &format!("{indent}    {lines}\n");
            }
        }
        Some(Regression { path: beside(sibling.path, &file), text })
    }

    fn node(&self, sources: &[SourceFile<'_>]) -> Option<Regression> {
        let parts = |it: &str| {
            let at = [".test.", ".spec."].iter().find_map(|part| it.rfind(part))?;
            Some(it[at..].to_owned())
        };
        let is_typed = |it: &str| matches!(extension(it), "ts" | "mts" | "cts" | "tsx" | "jsx");
        let sibling = self.sibling(sources, |it| parts(it).is_some() && !is_typed(it))?;
        let issue = self.issue;
        let runner = Runner::of(sibling.text)?;
        let mut lines = runner.lines.clone();
        let end = if runner.semicolons { ";" } else { "" };
        let brought = self.brought(|it| runner.from(it, sibling))?;
        for (from, names) in brought {
            lines.push(match runner.requires {
                true => format!("const {{ {names} }} = require(\"{from}\"){end}"),
                false => format!("import {{ {names} }} from \"{from}\"{end}"),
            });
        }
        lines.push(String::new());
        let function = runner.function;
        lines.push(format!("{function}(\"the examples of issue #{issue}\", () => {{"));
        for example in self.groups.iter().flat_map(|it| &it.1) {
            let Example { call, expected, .. } = example;
            let line = match (expected, runner.asserts) {
                (Expected::Value(it), true) => format!("assert.deepStrictEqual({call}, {it})"),
                (Expected::Value(it), false) => format!("expect({call}).toStrictEqual({it})"),
                (Expected::Raises(error), true) => {
                    format!("assert.throws(() => {call}, {{ name: \"{error}\" }})")
                }
                (Expected::Raises(error), false) => {
                    format!("expect(() => {call}).toThrow({error})")
                }
                (Expected::Returns, _) => call.clone(),
                (Expected::Passes, _) => {
                    // In a block, so that two of them may declare the same.
                    let own = runner.statements(example)?.join("\n    ");
                    lines.push(format!("  {{\n    {own}\n  }}"));
                    continue;
                }
                (Expected::Prints(_) | Expected::Understood | Expected::Exits(_), _) => {
                    return None;
                }
            };
            lines.push(format!("  {line}{end}"));
        }
        lines.push(format!("}}){end}\n"));
        let quoted = |it: &String| match runner.single_quotes && !it.contains(['\'', '\\']) {
            true => it.replace('"', "'"),
            false => it.clone(),
        };
        let text = lines.iter().map(quoted).collect::<Vec<_>>().join("\n");
        let file = format!("issue-{issue}{}", parts(name(sibling.path))?);
        Some(Regression { path: beside(sibling.path, &file), text })
    }

    /// A test of the library from outside, which Cargo finds by its place.
    fn rust(&self, sources: &[SourceFile<'_>]) -> Option<Regression> {
        let issue = self.issue;
        let mut text = format!("//! The examples of issue #{issue}.\n\n");
        let mut folder = None;
        for function in &self.functions {
            let (at, path) = probe::from_outside(function, sources)?;
            text += &format!("use {path};\n");
            folder = Some(at);
        }
        for (name, examples) in &self.groups {
            text += &format!("\n#[test]\nfn {name}_gives_what_the_issue_says() {{\n");
            for example in examples {
                match &example.expected {
                    Expected::Value(expected) => {
                        let function = self.functions.iter().find(|it| it.name == *name)?;
                        let expected = probe::fitted(expected, function, sources);
                        text += &format!("    assert_eq!({}, {expected});\n", example.call);
                    }
                    Expected::Passes => {
                        text += &format!("    {}\n", snippet::statements(example)?.join("\n    "));
                    }
                    _ => return None,
                }
            }
            text += "}\n";
        }
        let path = match folder?.as_str() {
            "" => format!("tests/issue_{issue}.rs"),
            folder => format!("{folder}/tests/issue_{issue}.rs"),
        };
        Some(Regression { path, text })
    }
}

/// How tests of JavaScript's are written.
struct Runner {
    /// What brings in the runner, as the sibling has it.
    lines: Vec<String>,
    /// Lines that bring in anything.
    brings: Vec<String>,
    requires: bool,
    semicolons: bool,
    single_quotes: bool,
    /// `test` or `it`.
    function: &'static str,
    /// Whether with Node's `assert`, or else with `expect`.
    asserts: bool,
}

impl Runner {
    fn of(text: &str) -> Option<Self> {
        let brings = |it: &&str| {
            let imports = it.starts_with("import ") && it.contains(" from ");
            imports || it.starts_with("const ") && it.contains(" = require(")
        };
        let brings: Vec<String> = text.lines().filter(brings).map(str::to_owned).collect();
        let runners =
            ["node:test", "node:assert", "\"assert", "'assert", "vitest", "@jest/globals"];
        let of_runner = |it: &&String| runners.iter().any(|name| it.contains(name));
        let lines: Vec<String> = brings.iter().filter(of_runner).cloned().collect();
        let has = |word: &str| {
            let is_part = |it: char| it.is_alphanumeric() || it == '_';
            let words = |it: &String| {
                let names = it.split(" from ").next().and_then(|it| it.split(" = ").next());
                names.is_some_and(|it| it.split(|it| !is_part(it)).any(|it| it == word))
            };
            lines.iter().any(words)
        };
        // Jest's are there without being brought in.
        let global = lines.is_empty() && text.contains("expect(");
        let called = |word: &str| text.lines().any(|it| it.trim_start().starts_with(word));
        let function = if has("test") || global && called("test(") {
            "test"
        } else if has("it") || global && called("it(") {
            "it"
        } else {
            return None;
        };
        let asserts = has("assert");
        (asserts || has("expect") || global).then(|| Self {
            requires: brings.iter().any(|it| it.contains("require(")),
            semicolons: brings.iter().any(|it| it.ends_with(';')),
            single_quotes: brings.iter().any(|it| it.contains('\'')),
            function,
            asserts,
            lines,
            brings,
        })
    }

    /// The statements of an example, where they assert as the tests do.
    fn statements(&self, example: &Example) -> Option<Vec<String>> {
        let own = if self.asserts { "assert" } else { "expect(" };
        let lines = snippet::statements(example)?;
        let fits = |it: &String| {
            let it = it.trim_start();
            let asserts = it.contains("assert") || it.contains("expect(");
            !it.contains("await ") && (!asserts || it.starts_with(own))
        };
        lines.iter().all(fits).then_some(lines)
    }

    /// How the sibling names the file of a function. A default export has no name of its own.
    fn from(&self, function: &Function, sibling: &SourceFile<'_>) -> Option<String> {
        let stem = |path: &str| name(path).split('.').next().unwrap_or_default().to_owned();
        let of = |line: &String| {
            let from = line.split(['"', '\'']).nth(1)?;
            (from.starts_with('.') && stem(from) == stem(&function.path)).then(|| from.to_owned())
        };
        self.brings.iter().find_map(of).or_else(|| relative(sibling.path, &function.path))
    }
}

/// A file as another one names it that lies elsewhere in the tree.
fn relative(from: &str, to: &str) -> Option<String> {
    let folder = from.rsplit_once('/').map_or("", |it| it.0);
    let mut up: Vec<&str> = folder.split('/').filter(|it| !it.is_empty()).collect();
    let mut down: Vec<&str> = to.split('/').collect();
    while !up.is_empty() && up.first() == down.first() {
        up.remove(0);
        down.remove(0);
    }
    let back = if up.is_empty() { "./".to_owned() } else { "../".repeat(up.len()) };
    (!down.is_empty()).then(|| back + &down.join("/"))
}

/// The module of a function's file, as the tests name it, or by its place.
fn module(function: &Function, sibling: &SourceFile<'_>, sources: &[SourceFile<'_>]) -> String {
    let path = function.path.trim_end_matches(".py").trim_end_matches("/__init__");
    let last = name(path);
    let tests = sources.iter().filter(|it| is_test_file(it.path));
    let lines = std::iter::once(sibling).chain(tests).flat_map(|it| it.text.lines());
    let mut named = lines.filter_map(|it| {
        let module = it.strip_prefix("from ")?.split(" import ").next()?.trim();
        // What begins with a dot is named from the place of that test.
        (!module.starts_with('.') && module.rsplit('.').next() == Some(last)).then_some(module)
    });
    named.next().map_or_else(|| path.replace('/', "."), str::to_owned)
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn beside(sibling: &str, file: &str) -> String {
    match sibling.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{file}"),
        None => file.to_owned(),
    }
}

#[cfg(test)]
mod tests;

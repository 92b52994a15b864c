//! The tests that a change broke, as they are written: what they expect says more than their output.

use crate::engine::guard::is_test_file;
use crate::engine::source::SourceFile;
use crate::engine::symbols;

/// More tests than these are not shown.
const MOST: usize = 2;
/// Lines of one of them.
const LINES: usize = 16;

/// The texts of these tests, found by their names in the test files of `sources`; empty where they
/// are not found.
pub fn texts(names: &[String], sources: &[SourceFile<'_>]) -> String {
    let found = names.iter().filter_map(|it| text(it, sources));
    found.take(MOST).collect::<Vec<_>>().join("\n\n")
}

fn text(name: &str, sources: &[SourceFile<'_>]) -> Option<String> {
    // `tests.test_a.Case.test_x`, `tests/test_a.py::test_x`, `test_x (tests.test_a)`, `a > b`.
    let plain = name.split(" (").next().unwrap_or(name).trim();
    let last = plain.rsplit(['.', ':', '>', '/']).next().unwrap_or(plain).trim();
    let tests = || sources.iter().filter(|it| is_test_file(it.path));
    let defined = tests().find_map(|file| {
        let outline = symbols::outline(file.path, file.text)?;
        let it = outline.definitions.into_iter().find(|it| it.name == last)?;
        Some(bounded(file.text.get(it.bytes)?))
    });
    defined.or_else(|| {
        tests().find_map(|file| [plain, last].iter().find_map(|it| told(file.text, it)))
    })
}

/// `test("name", () => { … })`: from the line with the name to where its block ends.
fn told(text: &str, name: &str) -> Option<String> {
    let is_there = |line: &str| {
        name.len() > 2
            && ["\"", "'", "`"].iter().any(|it| line.contains(&format!("{it}{name}{it}")))
    };
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.iter().position(|it| is_there(it))?;
    let indent = |it: &str| it.len() - it.trim_start().len();
    let closes = |it: &&&str| {
        it.trim_start().starts_with(['}', ')', ']']) && indent(it) <= indent(lines[start])
    };
    let length = match lines[start + 1..].iter().position(|it| closes(&it)) {
        Some(at) => at + 2,
        None => 1,
    };
    Some(bounded(&lines[start..start + length].join("\n")))
}

fn bounded(text: &str) -> String {
    text.trim_matches('\n').lines().take(LINES).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> String {
        let python = "import unittest\n\nclass CalcTest(unittest.TestCase):\n    def test_one(self):\n        self.assertEqual(add(1, 0), 1)\n\n    def test_two(self):\n        pass\n";
        let script = "test(\"adds. And more\", () => {\n  equal(add(1), 1);\n});\n\nsuite('b', () => {\n  it('c', () => {\n    equal(1, 2);\n  });\n});\n";
        let sources = [
            SourceFile { path: "calc.py", text: "def test_one():\n    return 'not a test'\n" },
            SourceFile { path: "tests/test_calc.py", text: python },
            SourceFile { path: "test/calc.test.js", text: script },
        ];
        texts(&[name.to_owned()], &sources)
    }

    #[test]
    fn a_test_is_found_however_its_runner_names_it() {
        let one = "def test_one(self):\n        self.assertEqual(add(1, 0), 1)";
        for name in [
            "tests.test_calc.CalcTest.test_one",
            "tests/test_calc.py::CalcTest::test_one",
            "test_one (tests.test_calc.CalcTest.test_one)",
            "test_one",
        ] {
            assert_eq!(of(name), one, "{name}");
        }
        assert_eq!(
            of("adds. And more"),
            "test(\"adds. And more\", () => {\n  equal(add(1), 1);\n});"
        );
        assert_eq!(of("nothing of the kind"), "");
    }

    #[test]
    fn a_long_test_is_cut_and_no_more_than_two_are_shown() {
        let long = format!("def test_a():\n{}", "    x = 1\n".repeat(90));
        let all = format!("{long}\n\ndef test_b():\n    pass\n\n\ndef test_c():\n    pass\n");
        let sources = [SourceFile { path: "test_x.py", text: &all }];
        let names = ["test_a", "test_b", "test_c"].map(str::to_owned);
        let text = texts(&names, &sources);
        assert!(text.contains("test_b") && !text.contains("test_c"), "{text}");
        assert!(text.lines().count() <= LINES + 4, "{text}");
    }
}

use super::*;
use crate::engine::example::examples;

fn of(issue: &str, files: &[(&str, &str)]) -> Option<(String, String)> {
    let sources: Vec<SourceFile<'_>> =
        files.iter().map(|(path, text)| SourceFile { path, text }).collect();
    let examples = examples(&format!("Title\n{issue}"), &sources);
    assert!(!examples.is_empty());
    regression(&examples, 12, &sources).map(|it| (it.path, it.text))
}

const PYTHON: (&str, &str) =
    ("shop/calc.py", "def add(a, b):\n    return a - b\n\ndef half(a):\n    return a\n");
const ISSUE: &str = "`add(2, 2)` should be 4, and `half(\"x\")` should raise TypeError.";

#[test]
fn in_python_it_is_written_as_the_tests_beside_it_are() {
    let sibling = "import unittest\n\nfrom shop.calc import add\n";
    let (path, text) = of(ISSUE, &[PYTHON, ("tests/test_calc.py", sibling)]).unwrap();
    assert_eq!(path, "tests/test_issue_12.py");
    assert_eq!(
        text,
        "\"\"\"The examples of issue #12.\"\"\"\n\nimport unittest\n\nfrom shop.calc import add, half\n\n\n\
         class Issue12Test(unittest.TestCase):\n    def test_add(self):\n        \
         self.assertEqual(add(2, 2), 4)\n\n    def test_half(self):\n        \
         with self.assertRaises(TypeError):\n            half(\"x\")\n"
    );
    let (path, text) = of(ISSUE, &[PYTHON, ("shop/calc_test.py", "def test_a():\n")]).unwrap();
    assert_eq!(path, "shop/issue_12_test.py");
    assert_eq!(
        text,
        "\"\"\"The examples of issue #12.\"\"\"\n\nimport pytest\n\nfrom shop.calc import add, half\n\n\n\
         def test_add():\n    assert add(2, 2) == 4\n\n\ndef test_half():\n    \
         with pytest.raises(TypeError):\n        half(\"x\")\n"
    );
    assert_eq!(of(ISSUE, &[PYTHON]), None, "there is no test to learn from");
    let taken = [PYTHON, ("tests/test_calc.py", sibling), ("tests/test_issue_12.py", "")];
    assert_eq!(of(ISSUE, &taken), None, "it is there already");
}

const NODE: (&str, &str) = (
    "lib/calc.js",
    "export function add(a, b) {\n  return a - b;\n}\nexport function half(a) {\n  return a;\n}\n",
);

#[test]
fn in_javascript_it_is_written_for_the_runner_of_the_tests_beside_it() {
    let sibling = "import { test } from 'node:test';\nimport assert from 'node:assert/strict';\n\
                   import { half } from '../lib/calc.js';\n";
    let (path, text) = of(ISSUE, &[NODE, ("test/calc.test.js", sibling)]).unwrap();
    assert_eq!(path, "test/issue-12.test.js");
    assert_eq!(
        text,
        "import { test } from 'node:test';\nimport assert from 'node:assert/strict';\n\
         import { add, half } from '../lib/calc.js';\n\ntest('the examples of issue #12', () => {\n  \
         assert.deepStrictEqual(add(2, 2), 4);\n  \
         assert.throws(() => half('x'), { name: 'TypeError' });\n});\n"
    );
    let (path, text) =
        of(ISSUE, &[NODE, ("lib/calc.spec.mjs", "import { it, expect } from \"vitest\"\n")])
            .unwrap();
    assert_eq!(path, "lib/issue-12.spec.mjs");
    assert_eq!(
        text,
        "import { it, expect } from \"vitest\"\nimport { add, half } from \"./calc.js\"\n\n\
         it(\"the examples of issue #12\", () => {\n  expect(add(2, 2)).toStrictEqual(4)\n  \
         expect(() => half(\"x\")).toThrow(TypeError)\n})\n"
    );
    let jest = "const { add } = require(\"../lib/calc\");\n\ntest(\"a\", () => {\n  expect(add(1, 0)).toBe(1);\n});\n";
    let (_, text) = of(ISSUE, &[NODE, ("test/calc.test.js", jest)]).unwrap();
    assert!(text.starts_with("const { add, half } = require(\"../lib/calc\");\n\ntest("), "{text}");
    assert_eq!(of(ISSUE, &[NODE, ("test/calc.test.js", "run()\n")]), None, "by no runner we know");
}

#[test]
fn in_rust_it_is_a_test_of_the_library_from_outside() {
    let files = [
        ("Cargo.toml", "[package]\nname = \"my-stats\"\n"),
        ("src/lib.rs", "pub fn median(v: &[f64]) -> f64 {\n    v[0]\n}\n"),
    ];
    let (path, text) = of("`median(&[1.0, 3.0])` should be 2.", &files).unwrap();
    assert_eq!(path, "tests/issue_12.rs");
    assert_eq!(
        text,
        "//! The examples of issue #12.\n\nuse my_stats::median;\n\n#[test]\n\
         fn median_gives_what_the_issue_says() {\n    assert_eq!(median(&[1.0, 3.0]), 2.0);\n}\n"
    );
}

#[test]
fn commands_become_no_test() {
    let files = [("keep.sh", "echo $1\n"), ("tests/test_keep.py", "import unittest\n")];
    assert_eq!(of("So:\n\n    ./keep.sh -k 5 app.log\n", &files), None);
}

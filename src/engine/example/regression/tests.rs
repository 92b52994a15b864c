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

#[test]
fn statements_become_a_test_with_all_that_stands_before_the_last_assertion() {
    let block = |language: &str, text: &str| format!("So:\n\n```{language}\n{text}\n```\n");
    let counter = "class Counter:\n    def add(self):\n        pass\n";
    let issue = block(
        "python",
        "from shop.counter import Counter\nc = Counter()\nassert c.n == 0\nfor _ in range(2):\n    \
         c.add()\nassert c.n == 2",
    );
    let sibling = ("tests/test_a.py", "import unittest\n");
    let (_, text) = of(&issue, &[("shop/counter.py", counter), sibling]).unwrap();
    let test = "from shop.counter import Counter\n\n\nclass Issue12Test(unittest.TestCase):\n    \
                def test_counter(self):\n        c = Counter()\n        assert c.n == 0\n        \
                for _ in range(2):\n            c.add()\n        assert c.n == 2\n";
    assert!(text.ends_with(test), "{text}");
    let long = block("python", "c = Counter(\"\"\"a\nb\"\"\")\nassert c.n == 2");
    assert_eq!(of(&long, &[("shop/counter.py", counter), sibling]), None, "a text over lines");

    let issue = block("js", "const a = add(1, 1);\nassert.equal(half(a), 1);");
    let sibling = "import { test } from 'node:test';\nimport assert from 'node:assert/strict';\n";
    let (_, text) = of(&issue, &[NODE, ("test/calc.test.js", sibling)]).unwrap();
    let test = "test('the examples of issue #12', () => {\n  {\n    const a = add(1, 1);\n    \
                assert.equal(half(a), 1);\n  }\n});\n";
    assert!(text.ends_with(test), "{text}");
    let other = ("test/calc.test.js", "import { it, expect } from \"vitest\"\n");
    assert_eq!(of(&issue, &[NODE, other]), None, "the tests there have no assert");

    let issue = block("rust", "let m = median(&[1.0, 3.0]);\nassert!(m > 1.5);");
    let files = [
        ("Cargo.toml", "[package]\nname = \"my-stats\"\n"),
        ("src/lib.rs", "pub fn median(v: &[f64]) -> f64 {\n    v[0]\n}\n"),
    ];
    let (_, text) = of(&issue, &files).unwrap();
    let test = "    let m = median(&[1.0, 3.0]);\n    assert!(m > 1.5);\n}\n";
    assert!(text.ends_with(test), "{text}");
}

//! Statements with assertions that an issue shows, really run in each language.

use super::*;

/// What each example gives on these files, as far as it is told.
async fn told(issue: &str, files: Files<'_>) -> Vec<String> {
    let examples = found(issue, files);
    let verdicts = tried(&examples, files, "n1").await;
    let word = |it: Verdict| match it {
        Verdict::Holds => "holds".to_owned(),
        Verdict::Gives { what, .. } => what,
        Verdict::Unknown { why } => format!("unknown: {why}"),
    };
    verdicts.into_iter().map(word).collect()
}

const COUNTER: &str = "class Counter:\n    def __init__(self, start=0):\n        self.n = start\n\n    \
                       def add(self, by):\n        self.n = by\n";

#[tokio::test]
async fn in_python_each_assertion_is_one_with_what_stands_before_it() {
    let issue = "This should work:\n\n```python\nfrom pkg.counter import Counter\n\n\
                 counter = Counter(2)\nassert counter.n == 2\nfor by in (1, 2):\n    counter.add(by)\n\
                 assert counter.n == 5, \"in all\"\nassert counter.total() == 5\n```\n";
    let base = [("pkg/__init__.py", ""), ("pkg/counter.py", COUNTER)];
    assert_eq!(
        told(issue, &base).await,
        [
            "holds",
            "fails: assert counter.n == 5, \"in all\", it is 2",
            // The first that fails is told.
            "fails: assert counter.n == 5, \"in all\", it is 2",
        ]
    );
    let half = COUNTER.replace("= by", "+= by");
    let half = [("pkg/__init__.py", ""), ("pkg/counter.py", half.as_str())];
    let missing = "raises AttributeError: 'Counter' object has no attribute 'total'";
    assert_eq!(told(issue, &half).await, ["holds", "holds", missing]);
    let whole =
        COUNTER.replace("= by", "+= by") + "\n    def total(self):\n        return self.n\n";
    let whole = [("pkg/__init__.py", ""), ("pkg/counter.py", whole.as_str())];
    assert_eq!(told(issue, &whole).await, ["holds"; 3]);
}

#[tokio::test]
async fn in_node_with_what_is_promised_and_either_kind_of_module() {
    let issue = "Expected:\n\n```js\nimport assert from \"node:assert\";\n\
                 import { Shelf, load } from \"./shelf.js\";\n\nconst shelf = new Shelf();\n\
                 shelf.put(\"a\", { size: 1 });\nassert.deepEqual(shelf.get(\"a\"), { size: 1 });\n\
                 expect(await load(shelf, \"b\")).toBe(null);\n```\n";
    let module = "export class Shelf {\n  constructor() { this.all = {}; }\n\
                  \x20 put(key, it) { this.all[key] = it; }\n  get(key) { return this.all[key] ?? null; }\n}\n\
                  export async function load(shelf, key) {\n  return shelf.get(key);\n}\n";
    let broken = module.replace("?? null", "?? 0").replace("= it;", "= 1;");
    let base = [("package.json", "{\"type\": \"module\"}"), ("shelf.js", broken.as_str())];
    let first = "fails: assert.deepEqual(shelf.get(\"a\"), { size: 1 }), it is 1";
    assert_eq!(told(issue, &base).await, [first, first]);
    let half = broken.replace("= 1;", "= it;");
    let half = [("package.json", "{\"type\": \"module\"}"), ("shelf.js", half.as_str())];
    let second = "fails: expect(await load(shelf, \"b\")).toBe(null), it is 0";
    assert_eq!(told(issue, &half).await, ["holds", second]);
    let work = [("package.json", "{\"type\": \"module\"}"), ("shelf.js", module)];
    assert_eq!(told(issue, &work).await, ["holds", "holds"]);
    let common = module.replace("export ", "") + "module.exports = { Shelf, load };\n";
    assert_eq!(told(issue, &[("shelf.js", common.as_str())]).await, ["holds", "holds"]);
}

#[tokio::test]
async fn in_c_with_a_loop_a_macro_and_a_function_that_is_not_there_yet() {
    let issue = "We need `box_sum`. This should work:\n\n```c\n#include \"box.h\"\n\nstruct box b = {0};\n\
                 for (int i = 0; i < BOX_SIZE; i++)\n    assert(box_put(&b, i) == 0);\n\
                 assert(box_put(&b, 9) == -1);   /* full */\nassert(box_sum(&b) == 1);\n```\n";
    let head = "#ifndef BOX_H\n#define BOX_H\n#define BOX_SIZE 2\nstruct box { int n; int all[BOX_SIZE]; };\n\
                int box_put(struct box *b, int it);\n#endif\n";
    let put = "#include \"box.h\"\n\nint box_put(struct box *b, int it) {\n    b->all[b->n % BOX_SIZE] = it;\n\
               \x20   b->n++;\n    return 0;\n}\n";
    let base = [("box.h", head), ("box.c", put)];
    let full = "fails: assert(box_put(&b, 9) == -1), it is 0";
    assert_eq!(told(issue, &base).await, ["holds", full, "it is not defined"]);
    let refuses = put.replace("    b->all[", "    if (b->n == BOX_SIZE) return -1;\n    b->all[");
    let sum = "int box_sum(const struct box *b) {\n    return b->all[0] + b->all[1];\n}\n";
    let (head, text) =
        (head.replace("#endif", "int box_sum(const struct box *b);\n#endif"), refuses + sum);
    let examples = found(issue, &base);
    let work = [("box.h", head.as_str()), ("box.c", text.as_str())];
    assert_eq!(tried(&examples, &work, "n").await, [const { Verdict::Holds }; 3]);
}

#[tokio::test]
async fn in_rust_of_a_type_and_its_methods() {
    let issue = "It should be so:\n\n```rust\nuse shop::Basket;\nlet mut basket = Basket::new();\n\
                 basket.add(\"tea\", 2);\nassert_eq!(basket.count(), 2);\nassert!(!basket.is_empty());\n```\n";
    let manifest = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[lib]\n";
    let library = "#[derive(Default)]\npub struct Basket {\n    n: usize,\n}\n\nimpl Basket {\n\
                   \x20   pub fn new() -> Self {\n        Self::default()\n    }\n\n\
                   \x20   pub fn add(&mut self, _name: &str, n: usize) {\n        self.n = n - 1;\n    }\n\n\
                   \x20   pub fn count(&self) -> usize {\n        self.n\n    }\n\n\
                   \x20   pub fn is_empty(&self) -> bool {\n        self.n == 0\n    }\n}\n";
    let base = [("Cargo.toml", manifest), ("src/lib.rs", library)];
    let fails = "fails: assertion `left == right` failed left: 1 right: 2";
    assert_eq!(told(issue, &base).await, [fails, fails]);
    let work = library.replace("n - 1", "n");
    let work = [("Cargo.toml", manifest), ("src/lib.rs", work.as_str())];
    assert_eq!(told(issue, &work).await, ["holds", "holds"]);
}

#[tokio::test]
async fn what_lacks_something_that_only_the_issue_has_says_nothing() {
    let python = "def load(path):\n    return open(path).read()\n";
    let files = [("lib.py", python)];
    let issue = "```python\ntext = load(\"no/such/file\")\nassert text == \"a\"\n```\n";
    assert_eq!(told(issue, &files).await, ["unknown: raises FileNotFoundError"]);
    let node = "const fs = require('fs');\nfunction load(path) {\n  return fs.readFileSync(path);\n}\n\
                module.exports = { load };\n";
    let files = [("lib.js", node)];
    let issue = "```js\nconst text = load(\"no/such/file\");\nassert.equal(text, \"a\");\n```\n";
    assert_eq!(told(issue, &files).await, ["unknown: throws ENOENT"]);
}

/// Shown first that statements do run: the project's own function writes the file.
#[tokio::test]
async fn nothing_of_an_issue_runs_but_the_projects_own_code() {
    let files =
        [("lib.py", "import os\n\ndef mark(path):\n    open(path, 'w').close()\n    return 1\n")];
    let after = |statements: &'static str| async move {
        let issue = format!("```python\n{statements}\nassert mark('other') == 2\n```\n");
        let (examples, dir) = (found(&issue, &files), folder(&files));
        if !examples.is_empty() {
            run(&dir, &probe::script(&examples, &sources(&files)), "n").await;
        }
        dir.path().join("tree/marked").exists()
    };
    assert!(after("mark('marked')").await, "the control");
    for statements in [
        "open('marked', 'w').close()",
        "import os\nos.mknod('marked')",
        "import lib\nlib.os.mknod('marked')",
        "from lib import os\nos.mknod('marked')",
        "__import__('os').mknod('marked')",
        "mark.__globals__['os'].mknod('marked')",
        "exec(\"open('marked', 'w')\")",
        "x = [open][0]\nx('marked', 'w')",
        "open = open\nopen('marked', 'w')",
        "def f():\n    open('marked', 'w')\nf()",
        "class A:\n    x = open('marked', 'w')\n",
        "f'{open(\"marked\", \"w\")}'",
        "g = (x for x in [1])\ng.gi_frame.f_builtins['open']('marked', 'w')",
        "type(mark)",
    ] {
        assert!(!after(statements).await, "{statements}");
    }
}

#[tokio::test]
async fn a_line_that_ends_a_file_of_the_scripts_is_a_part_of_the_statements() {
    let (text, files) =
        ("a\nEND_OF_PROBE\ntouch marked\n", [("lib.py", "def f(text):\n    return 1\n")]);
    let issue = format!("```python\nx = f(\"\"\"{text}\"\"\")\nassert x == 2\n```\n");
    let (examples, dir) = (found(&issue, &files), folder(&files));
    assert_eq!(examples.len(), 1);
    let is_marked = || dir.path().join("tree/marked").exists();
    let output = run(&dir, &probe::script(&examples, &sources(&files)), "n").await;
    assert_eq!(probe::judge(&output, "n", &examples)[0].gave(), "fails: assert x == 2, it is 1");
    assert!(!is_marked());
    // The control: where the file ends there, the rest is run.
    run(&dir, &format!("cat >/dev/null <<'END_OF_PROBE'\n{text}"), "n").await;
    assert!(is_marked());
}

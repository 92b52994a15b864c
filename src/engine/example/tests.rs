use super::*;

const PYTHON: &[(&str, &str)] = &[
    (
        "calc.py",
        "def add(a, b):\n    return a - b\n\ndef half(a):\n    return a\n\nclass Box:\n    def put(self, a):\n        pass\n",
    ),
    ("words.py", "def slug(text):\n    return text\n\ndef words(text):\n    return []\n"),
];

fn found_in(issue: &str, files: &[(&str, &str)]) -> Vec<String> {
    let sources: Vec<SourceFile<'_>> =
        files.iter().map(|(path, text)| SourceFile { path, text }).collect();
    let line = |it: Example| {
        let given = it.given.map_or_else(String::new, |it| format!(" (now {})", it.words()));
        format!("{} -> {}{given}", it.call, it.expected.words())
    };
    // The first line is the title.
    examples(&format!("Title\n{issue}"), &sources).into_iter().map(line).collect()
}

fn found(issue: &str) -> Vec<String> {
    found_in(issue, PYTHON)
}

#[test]
fn sentences_that_say_what_a_call_should_give_are_examples() {
    for (issue, expected) in [
        ("`add(2, 2)` should be 4.", "add(2, 2) -> 4"),
        ("`add(2, 2)` should return `4`", "add(2, 2) -> 4"),
        ("`add(2, 2)` must return 4", "add(2, 2) -> 4"),
        ("`add(2, 2)` returns 4", "add(2, 2) -> 4"),
        ("`add(2, 2)` → `4`", "add(2, 2) -> 4"),
        ("`add(2, 2) == 4`", "add(2, 2) -> 4"),
        ("`add(2, 2) => 4`", "add(2, 2) -> 4"),
        ("add(2, 2) should be 4", "add(2, 2) -> 4"),
        ("- `add(2, 2)` -> 4", "add(2, 2) -> 4"),
        ("- `add(2, 2)` -> `4` (more only when there is more)", "add(2, 2) -> 4"),
        ("`add(2, 2)` => `4` (if both are there).", "add(2, 2) -> 4"),
        ("- `add(2, 2)` → `4`（桁がある場合のみ）", "add(2, 2) -> 4"),
        ("`add(2, 2)` in calc.py gives 0, and 4 is expected.", "add(2, 2) -> 4 (now 0)"),
        ("`add(2, 2)` gives 0 but should give 4", "add(2, 2) -> 4 (now 0)"),
        ("`add(2, 2)` gives 0, expected 4", "add(2, 2) -> 4 (now 0)"),
        ("`add(2, 2)` returns 0 instead of 4.", "add(2, 2) -> 4 (now 0)"),
        ("`add(2, 2)` should return 4 instead of 0.", "add(2, 2) -> 4 (now 0)"),
        ("`add(2, 2)` should be 4, not 0.", "add(2, 2) -> 4 (now 0)"),
        ("`add(2, 2)` currently returns 0. It should return 4.", "add(2, 2) -> 4 (now 0)"),
        ("When I call `add(2, 2)` I get `0`, but I expected `4`.", "add(2, 2) -> 4 (now 0)"),
        ("For example, `add(2, 2)` is 0 (expected: 4).", "add(2, 2) -> 4 (now 0)"),
        ("`calc.add(2, 2)` should be 4", "add(2, 2) -> 4"),
        ("`slug('a b')` should give \"a-b\", as today.", "slug(\"a b\") -> \"a-b\""),
        ("`words('')` should return `[]`.", "words(\"\") -> []"),
        ("`half(add(1, 1))` should be 1", "half(add(1, 1)) -> 1"),
        ("`add(1, 2)` should equal `add(2, 1)`.", "add(1, 2) -> add(2, 1)"),
        ("`half(None)` should raise `ValueError`.", "half(None) -> raises ValueError"),
        ("`half('x')` should throw a TypeError", ""),
        ("`half('x')` should raise TypeError", "half(\"x\") -> raises TypeError"),
        ("`half(0)` should not raise.", "half(0) -> no error"),
        (
            "`half(0)` raises ZeroDivisionError but should return 0",
            "half(0) -> 0 (now raises ZeroDivisionError)",
        ),
        ("`add(2, 2)` は 0 を返しますが、4 を返すべきです。", "add(2, 2) -> 4 (now 0)"),
        ("`add(2, 2)` が 0 になる。正しくは 4 です。", "add(2, 2) -> 4 (now 0)"),
        ("`add(2, 2)` の結果は `0` ですが、期待値は `4` です。", "add(2, 2) -> 4 (now 0)"),
        ("`add(2, 2)` → `0` と出る。`4` になってほしい", "add(2, 2) -> 4 (now 0)"),
        ("`add(2, 2)` は 0 ではなく 4 を返すべきです。", "add(2, 2) -> 4 (now 0)"),
        (
            "`slug('a b')` returns `a b`, I would expect `a-b`.",
            "slug(\"a b\") -> \"a-b\" (now \"a b\")",
        ),
        ("`add(2, 2)` は `4`、そして文字列は不可", "add(2, 2) -> 4"),
        ("`slug(\"あ\")` は `\"a\"` になるはずです。", "slug(\"あ\") -> \"a\""),
    ] {
        let expected: &[&str] = if expected.is_empty() { &[] } else { &[expected] };
        assert_eq!(found(issue), expected, "{issue}");
    }
}

#[test]
fn sentences_that_leave_a_doubt_are_none() {
    for issue in [
        "`add(2, 2)` returns 3 items",
        "`add(2, 2)` should be 4 if strict is set",
        "If strict is set, `add(2, 2)` should be 4",
        "After `half(1)`, `add(2, 2)` should be 4",
        "`add(2, 2)` should be about 4",
        "`add(2, 2)` should be 4%",
        "`add(2, 2)` should be 4 or 5",
        "`add(2, 2)` should not be 4",
        "`add(2, 2)` should never return 4",
        "`add(2, 2)` should be the sum, so 4",
        "`add(2, 2)` and `half(8)` should be 4 and 5 respectively",
        "`add(2, 2)` is wrong",
        "`add(2, 2)` is called 4 times",
        "`add(x, 2)` should be 4",
        "`add(2, 2)` should be `x`",
        "`add(2, 2)` returns `x`",
        "`add(2, 2)` gives 0 but should give `x`",
        "`add(2, 2)` は `4` 個",
        "`add(2, 2)` should be 4 for integers",
        "`unknown(2)` should be 4",
        "`Box().put(2)` should be 4",
        "`put(2)` should be 4",
        "`other.add(2, 2)` should be 4",
        "`add(2, 2)[0]` should be 4",
        "`add(2, 2)` wrongly returns 0.",
        "`add(2, 2)` returns 0 now, which is a bug.",
        "`add(2, 2)` should be 4. `add(2, 2)` should be 5.",
        "`add(2, 2)` raises ValueError.\n\nIt should raise a clear error message.",
        "`add(2, 2)` should be longer than 4",
        "`add(2, 2)` takes 4 seconds",
        "Version 4 is expected. `add(2, 2)` hangs.",
        "`add(2, 2)` の場合は 4 を返すべきです。",
        "`add(2, 2)` を 4 回呼ぶと落ちます。",
        "`add(2, 2)` は 4 個です。",
        "> `add(2, 2)` should be 4",
        "add the numbers (2, 2) should be 4",
        "`len([1])` should be 1, please add a check",
        "`os.system('ls')` should be 0",
        "`__import__('os')` should be 4",
    ] {
        assert_eq!(found(issue), Vec::<String>::new(), "{issue}");
    }
}

#[test]
fn code_that_is_shown_is_read() {
    for (issue, expected) in [
        ("```python\n>>> add(2, 2)\n0\n```\n", "add(2, 2) -> 0"),
        (
            "```\n>>> from calc import add\n>>> add(2, 2)  # should be 4\n0\n```\n",
            "add(2, 2) -> 4 (now 0)",
        ),
        ("```\n>>> add(2, 2)\n0\n```\n`add(2, 2)` should be 4.", "add(2, 2) -> 4 (now 0)"),
        (
            "```\n>>> half('x')\nTraceback (most recent call last):\n  File \"a.py\", line 2, in half\n    x\nTypeError: no\n```\n",
            "half(\"x\") -> no error (now raises TypeError)",
        ),
        ("```py\nassert add(2, 2) == 4\n```", "add(2, 2) -> 4"),
        ("```py\nassert add(2, 2) is None\n```", "add(2, 2) -> None"),
        ("```py\nself.assertEqual(add(2, 2), 4)\n```", "add(2, 2) -> 4"),
        ("```py\nadd(2, 2)  # => 4\n```", "add(2, 2) -> 4"),
        ("```py\nadd(2, 2)  # -> 4\n```", "add(2, 2) -> 4"),
        ("```py\nprint(add(2, 2))  # 0, should be 4\n```", "add(2, 2) -> 4 (now 0)"),
        ("```\nadd(2, 2) -> 4\n```", "add(2, 2) -> 4"),
        ("```\nadd(2, 2) == 4\n```", "add(2, 2) -> 4"),
        (
            "| call | now | expected |\n|---|---|---|\n| `add(2, 2)` | `0` | `4` |\n",
            "add(2, 2) -> 4 (now 0)",
        ),
        ("| call | result |\n|---|---|\n| add(2, 2) | 4 |\n", "add(2, 2) -> 4"),
        ("Like this:\n\n    assert add(2, 2) == 4\n", "add(2, 2) -> 4"),
    ] {
        assert_eq!(found(issue), [expected], "{issue}");
    }
    for issue in [
        "```\n>>> x = Box()\n>>> add(2, 2)\n4\n```",
        "```\n>>> add(2, 2)\n<object at 0x1>\n```",
        "```\nassert add(2, 2) == x\n```",
        "```\nadd(2, 2)  # the sum\n```",
        "```\nadd(2, 2) -> 4\n",
        "| a | b |\n|---|---|\n| add(2, 2) | 4 |\n",
        "| call | now | expected |\n|---|---|---|\n| `add(2, 2)` | `0` | the sum |\n",
    ] {
        assert_eq!(found(issue), Vec::<String>::new(), "{issue}");
    }
}

#[test]
fn other_languages_are_read_by_the_file_that_defines_the_function() {
    let js = &[(
        "lib/slug.js",
        "function slug(text) {\n  return text;\n}\nconst pad = (a) => a;\nmodule.exports = { slug, pad };\n",
    )];
    for (issue, expected) in [
        ("`slug('a b')` should return `'a-b'`", "slug(\"a b\") -> \"a-b\""),
        ("```js\nexpect(slug('a')).toBe('b');\n```", "slug(\"a\") -> \"b\""),
        ("```js\nassert.deepStrictEqual(pad({a: [1]}), null);\n```", "pad({\"a\": [1]}) -> null"),
        (
            "```\n> slug('x')\nUncaught TypeError: no\n    at slug\n```",
            "slug(\"x\") -> no error (now raises TypeError)",
        ),
        ("`pad(null)` should throw `RangeError`", "pad(null) -> raises RangeError"),
        ("```js\nslug('a'); // => 'b'\n```", "slug(\"a\") -> \"b\""),
    ] {
        assert_eq!(found_in(issue, js), [expected], "{issue}");
    }
    let rust =
        &[("src/lib.rs", "pub fn mean(all: &[f64]) -> Option<f64> {\n    None\n}\nfn own() {}\n")];
    let issue = "```rust\nassert_eq!(mean(&[1.0, 2.0]), Some(1.5));\nassert_eq!(own(), 1);\n```";
    assert_eq!(found_in(issue, rust), ["mean(&[1.0, 2.0]) -> Some(1.5)"]);
    let c = &[("src/ring.c", "static int low(void) {\n}\nint size(int a)\n{\n    return a;\n}\n")];
    assert_eq!(found_in("`size(3)` should be 4, `low()` should be 1", c), ["size(3) -> 4"]);
}

#[test]
fn a_text_without_quotes_is_one_where_another_example_shows_that_texts_come_back() {
    let issue = "`tidy(\"A B\")` returns `a--b`, I would expect `a-b`.\n\nMore: `tidy(\" C++ \")` \
                 should be `c`, `tidy(\"!\")` should be an empty string.";
    let files = &[("a.py", "def tidy(x):\n    pass\n")];
    let more = ["tidy(\" C++ \") -> \"c\"", "tidy(\"!\") -> \"\""];
    let first = "tidy(\"A B\") -> \"a-b\" (now \"a--b\")";
    assert_eq!(found_in(issue, files), [first, more[0], more[1]]);
    assert!(found_in("`tidy(\" C++ \")` should be `c`", files).is_empty());
}

#[test]
fn a_name_that_several_files_define_is_taken_only_where_the_issue_names_the_file() {
    let two = &[("a.py", "def f(x):\n    pass\n"), ("b.py", "def f(x):\n    pass\n")];
    assert!(found_in("`f(1)` should be 2", two).is_empty());
    assert_eq!(found_in("In a.py, `f(1)` should be 2", two), ["f(1) -> 2"]);
    assert_eq!(found_in("`b.f(1)` should be 2", two), ["f(1) -> 2"]);
    let tests = &[("tests/test_a.py", "def f(x):\n    pass\n")];
    assert!(found_in("`f(1)` should be 2", tests).is_empty());
    let quoted = &[("a.py", "TEXT = '''\ndef f(x):\n'''\n")];
    assert!(found_in("`f(1)` should be 2", quoted).is_empty());
}

#[test]
fn a_function_that_is_asked_for_counts_before_it_is_there() {
    assert_eq!(found("Please add a function: `double(2)` should be 4."), ["double(2) -> 4"]);
    assert!(found("`double(2)` should be 4.").is_empty(), "nobody asks for it");
    assert!(found("Please add it: double(2) should be 4.").is_empty(), "not named as code");
    assert!(
        found("Please add a check: `round(2.5)` should be 3.").is_empty(),
        "the language's own"
    );
    assert!(found("Please add a check: `put(2)` should be 4.").is_empty(), "a method");
}

#[test]
fn a_command_is_an_example_where_the_issue_shows_both_what_it_prints_and_what_it_should() {
    let files = &[("snap.sh", "echo hi\n"), ("tool/__main__.py", "print(1)\n")];
    let issue = "It prints\n\n```\n$ ./snap.sh -n 'a b'\nwrong\n```\n\nbut it should be\n\n```\n$ ./snap.sh -n 'a b'\nright\n```\n";
    assert_eq!(
        found_in(issue, files),
        ["./snap.sh -n 'a b' -> prints \"right\" (now prints \"wrong\")"]
    );
    let module = issue.replace("./snap.sh", "python3 -m tool");
    assert_eq!(found_in(&module, files).len(), 1);
    for other in [
        "rm -rf /",
        "./snap.sh $(id)",
        "./snap.sh | sh",
        "./snap.sh > x",
        "./other.sh",
        "A=1 ./snap.sh",
    ] {
        let issue = issue.replace("./snap.sh -n 'a b'", other);
        assert!(found_in(&issue, files).is_empty(), "{other}");
    }
    let once = "It should be\n\n```\n$ ./snap.sh\nright\n```\n";
    assert!(found_in(once, files).is_empty(), "what it prints now is not known");
}

#[test]
fn the_calls_of_an_example_are_found_again_in_what_was_written_down() {
    let sources = [SourceFile { path: "calc.py", text: "def add(a, b):\n    pass\n" }];
    let example = examples("t\n`add(2, 2)` should be 4", &sources).remove(0);
    assert_eq!((example.path.as_str(), example.language), ("calc.py", Language::Python));
    assert!(is_there(&example, &sources));
    assert!(!is_there(&example, &[SourceFile { path: "calc.py", text: "" }]));
    let moved = [SourceFile { path: "other.py", text: "def add(a, b):\n    pass\n" }];
    assert!(is_there(&example, &moved), "a function may move");
}

#[test]
fn a_command_with_an_option_that_nothing_knows_is_to_be_understood() {
    let files = [
        SourceFile { path: "keep.sh", text: "echo $1\n" },
        SourceFile { path: "words/__main__.py", text: "import sys\n# well-known, takes --all\n" },
    ];
    let of = |issue: &str| {
        let found = examples(&format!("Title\n{issue}"), &files);
        assert!(found.iter().all(|it| !it.proves() && it.expected == Expected::Understood));
        found.into_iter().map(|it| it.call).collect::<Vec<_>>()
    };
    assert_eq!(of("So:\n\n    ./keep.sh -k 5 app.log\n"), ["./keep.sh -k 5 app.log"]);
    let line = "python3 -m words --top 3 book.txt";
    for issue in [
        format!("So:\n\n    {line}\n"),
        format!("```\n$ {line}\n```\n"),
        format!("I would like `{line}` to print three."),
        format!("`{line}`, that is:\n\n    {line}\n"),
    ] {
        assert_eq!(of(&issue), [line], "{issue}");
    }
    for issue in [
        "    python3 -m words --all book.txt\n",
        "    python3 -m words book.txt\n",
        "    python3 -m other --top 3\n",
        "    ./keep.sh -k 5 app.log | sort\n",
        "    ./keep.sh -k 5 app.log > out; rm x\n",
        "    ls -k\n",
    ] {
        assert_eq!(of(&format!("So:\n\n{issue}")), [""; 0], "{issue}");
    }
}

#[test]
fn a_remark_behind_a_row_may_tell_of_another_result() {
    for issue in [
        "`add(2, 2)` -> `4` (if it was 3 before)",
        "`add(2, 2)` -> `4` (when it is not empty)",
        "`add(2, 2)` -> `4` if both are there",
        "`add(2, 2)` should be `4` (if both are there)",
        "If strict, `add(2, 2)` -> `4` (as it is)",
    ] {
        assert!(found(issue).is_empty(), "{issue}");
    }
}

#[test]
fn statements_with_assertions_are_an_example_for_each_of_these() {
    let shown = |issue: &str| found(issue).join("|");
    let block = |text: &str| format!("It should be so:\n\n```python\n{text}\n```\n");
    let box_of = "box = Box()\nbox.put(3)\nassert box.all == [3]";
    let all = "box = Box()\nbox.put(3)\nassert box.all == [3] -> passes";
    assert_eq!(shown(&block(box_of)), all);
    let twice =
        block(&format!("from calc import Box\n{box_of}\n\nassert add(1, len(box.all)) == 2"));
    let (first, second) = (all.trim_end_matches(" -> passes"), "assert add(1, len(box.all)) == 2");
    assert_eq!(
        shown(&twice),
        format!(
            "from calc import Box\n{first} -> passes|from calc import Box\n{first}\n\n{second} -> passes"
        )
    );
    // Indented, in a list, and without a language: all of the project is Python.
    let indented = box_of.replace('\n', "\n    ");
    assert_eq!(shown(&format!("So:\n\n    {indented}\n\nPlease.")), all);
    let in_list = box_of.replace('\n', "\n  ");
    assert_eq!(shown(&format!("- So:\n\n  ```\n  {in_list}\n  ```\n")), all);
    // Assertions that stand for themselves are calls and values.
    assert_eq!(
        shown(&block("assert add(2, 2) == 4\nassert half(3) == 1")),
        "add(2, 2) -> 4|half(3) -> 1"
    );
    // What comes before one is no part of a single call's.
    assert_eq!(shown(&block("setup()\nassert add(2, 2) == 4")), "add(2, 2) -> 4");
}

#[test]
fn statements_count_where_all_that_they_name_is_the_projects_or_asked_for() {
    let block = |text: &str| format!("```python\n{text}\n```\n");
    let new = block("box = Box()\nassert double(box) == 2");
    assert!(found(&new).is_empty(), "nothing says that it is to be made");
    assert_eq!(found(&format!("We need `double`.\n\n{new}")).len(), 1);
    for text in [
        "x = other()\nassert add(x, 1) == 2",
        "x = print(1)\nassert add(x, 1) == 2",
        "x = 1\nassert x == 1",
        "x = add.__globals__\nassert add(x, 1) == 2",
    ] {
        assert!(found(&format!("We need `print`.\n\n{}", block(text))).is_empty(), "{text}");
    }
    assert!(found("```rust\nlet x = add(1, 1);\nassert_eq!(x, 2);\n```\n").is_empty());
}

use proptest::prelude::*;

use super::*;

macro_rules! log {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/testlogs/",
            $name,
            ".txt"
        ))
    };
}

/// All but what is below a library's folder.
fn ours(path: &str) -> bool {
    let library = ["/usr/", "/opt/", "/rustc/", "node_modules/", "node:", "/tmp/"];
    !library.iter().any(|it| path.contains(it)) && path.contains('.')
}

fn told(output: &str) -> String {
    telling(output, &ours, &[]).unwrap_or_else(|| "nothing".to_owned())
}

#[test]
fn of_rustc_the_first_error_is_shown_and_the_rest_named() {
    insta::assert_snapshot!(told(log!("cargo-build-error")));
    insta::assert_snapshot!(told(log!("cargo-two-errors")));
    insta::assert_snapshot!(told(log!("cargo-short")));
}

#[test]
fn of_cargo_the_first_panic_is_shown_with_our_frames() {
    insta::assert_snapshot!(told(log!("cargo-test")));
    insta::assert_snapshot!(told(log!("cargo-unwrap")));
    insta::assert_snapshot!(told(log!("cargo-nextest")));
    let inner = log!("cargo-unwrap").replace("tests::adds", "tests::other");
    let stood = ["shop (src/lib.rs) tests::other".to_owned()];
    insta::assert_snapshot!(telling(&inner, &ours, &stood).unwrap());
}

/// Written by the documentation of `go test`; no Go was at hand.
#[test]
fn of_go_the_test_is_shown_with_what_it_said() {
    insta::assert_snapshot!(told(log!("go-plain")));
    insta::assert_snapshot!(told(log!("go-verbose")));
    insta::assert_snapshot!(told(log!("go-json")));
    let panics = "\
--- FAIL: TestFirst (0.00s)
panic: runtime error: index out of range [0] with length 0 [recovered]
\tpanic: runtime error: index out of range [0] with length 0

goroutine 6 [running]:
testing.tRunner.func1.2({0x50e0a0, 0xc0000140a8})
\t/usr/local/go/src/testing/testing.go:1545 +0x238
example.com/calc.First(...)
\t/project/first.go:4 +0x1d
example.com/calc.TestFirst(0xc0000d2000)
\t/project/first_test.go:9 +0x18
FAIL\texample.com/calc\t0.004s
FAIL
";
    insta::assert_snapshot!(told(panics));
}

#[test]
fn of_jest_vitest_and_mocha_the_line_that_is_pointed_at_is_shown() {
    insta::assert_snapshot!(told(log!("jest")));
    insta::assert_snapshot!(told(log!("jest-verbose")));
    insta::assert_snapshot!(told(log!("vitest")));
    assert_eq!(told(log!("vitest-verbose")), told(log!("vitest")));
    insta::assert_snapshot!(told(log!("mocha")));
}

#[test]
fn of_node_both_reporters_tell_expected_and_actual() {
    insta::assert_snapshot!(told(log!("node-spec")));
    insta::assert_snapshot!(told(log!("node-tap")));
    let stood = ["subtracts", "words > lower # 1", "with subtest > inner"];
    let stood = stood.map(str::to_owned);
    insta::assert_snapshot!(telling(log!("node-spec-syntax-error"), &ours, &stood[..2]).unwrap());
    insta::assert_snapshot!(telling(log!("node-tap-syntax-error"), &ours, &stood).unwrap());
}

#[test]
fn of_python_the_frames_in_our_files_are_shown_and_the_exception() {
    insta::assert_snapshot!(told(log!("unittest-deep")));
    insta::assert_snapshot!(told(log!("unittest-import-error")));
    insta::assert_snapshot!(told(log!("pytest-deep")));
    insta::assert_snapshot!(told(log!("pytest-short")));
    insta::assert_snapshot!(told(log!("pytest-plain")));
    insta::assert_snapshot!(told(log!("pytest-syntax")));
    insta::assert_snapshot!(told(log!("pytest-collect-error")));
    insta::assert_snapshot!(told(log!("python-script")));
    insta::assert_snapshot!(told(log!("python-syntax")));
}

#[test]
fn of_a_compiler_and_a_linter_the_place_and_the_message_are_shown() {
    insta::assert_snapshot!(told(log!("make-cc")));
    insta::assert_snapshot!(told(log!("make-link")));
    insta::assert_snapshot!(told(log!("make-assert")));
    insta::assert_snapshot!(told(log!("tsc")));
    insta::assert_snapshot!(told(log!("tsc-pretty")));
    insta::assert_snapshot!(told(log!("eslint")));
}

#[test]
fn of_a_shell_script_the_lines_that_say_fail_are_shown() {
    insta::assert_snapshot!(told(log!("shell-fail")));
    // As Bats prints it, by its documentation.
    let bats = "\
1..3
ok 1 starts
not ok 2 prints the version
# (in test file tests/cli.bats, line 7)
#   `[ \"$output\" = \"1.2.0\" ]' failed
ok 3 stops
";
    insta::assert_snapshot!(told(bats));
}

#[test]
fn what_failed_on_the_base_too_is_left_out() {
    let stood = ["tests.test_shop.Shop.test_load", "tests.test_shop.Shop.test_total"];
    let of = |output: &str, stood: &[&str]| {
        let stood: Vec<String> = stood.iter().map(|it| (*it).to_owned()).collect();
        telling(output, &ours, &stood)
    };
    let text = of(log!("unittest-deep"), &stood).unwrap();
    assert!(text.starts_with("FAIL: test_names") && !text.contains("test_load"), "{text}");
    assert!(text.ends_with("and 1 more: tests.test_shop.Shop.test_none"), "{text}");
    let text = of(log!("pytest-deep"), &["tests/test_shop.py::Shop::test_load"]).unwrap();
    assert!(text.starts_with("Shop.test_names"), "{text}");
    let text = of(log!("go-plain"), &["example.com/calc TestAdd"]).unwrap();
    assert!(text.starts_with("--- FAIL: TestTable/two_words"), "{text}");
    // The names of some tests are the ends of others.
    let text = of(log!("cargo-unwrap"), &["shop (src/lib.rs) tests::loads::adds"]).unwrap();
    assert!(text.starts_with("tests::adds"), "{text}");
    assert_eq!(
        of(log!("jest"), &["./sum.test.js words › lower", "./bad.test.js (did not run)"]),
        None
    );
}

#[test]
fn what_is_not_recognised_is_left_to_others() {
    for output in [
        "",
        "all is well\n",
        "FAILED (failures=2)\n",
        "test result: ok. 4 passed; 0 failed\n",
        "E: Unable to locate package foo\n",
        "12:30: error\n",
        "ok 1 - adds\nnot ok 2 - later # TODO\n",
        "FAILURE\n",
    ] {
        assert_eq!(telling(output, &ours, &[]), None, "{output}");
    }
}

#[test]
fn a_file_of_the_project_is_known_wherever_its_root_is() {
    let files = ["src/shop.py", "check.py"].map(str::to_owned).into();
    for (path, is_one) in [
        ("src/shop.py", true),
        ("./check.py", true),
        ("/app/src/shop.py", true),
        ("/work/check.py", true),
        ("shop.py", false),
        ("lib/src/shop.py", false),
        ("/usr/lib/python3.11/check.py", false),
        ("/app/node_modules/x/src/shop.py", false),
        ("", false),
        ("/", false),
    ] {
        assert_eq!(is_of_project(path, &files), is_one, "{path}");
    }
}

#[test]
fn a_traceback_that_a_passing_test_printed_is_not_taken_for_the_failure() {
    let noise =
        "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nOSError: no\n";
    let output = format!("{noise}{}", log!("unittest-plain"));
    assert!(told(&output).starts_with("ERROR: test_boom"), "{}", told(&output));
}

#[test]
fn a_long_message_keeps_its_beginning_and_its_place() {
    let many = (0..40).map(|i| format!("E       line {i}\n")).collect::<String>();
    let output = format!(
        "===== FAILURES =====\n____ test_a ____\n\n>   assert a\n{many}\na_test.py:3: AssertionError\n"
    );
    let text = told(&output);
    assert!(text.starts_with("test_a\na_test.py:3: assert a\nE       line 0"), "{text}");
    let long = format!("a.c:1:2: error: {}\n", "x".repeat(5_000)).repeat(30);
    assert!(told(&long).len() <= MOST_BYTES);
}

const PIECES: &str = "(\\PC{0,60}\n|error\\[E1\\]: x\n --> a.rs:1:2\n|---- a stdout ----\n|failures:\n\
    |thread 'a' \\(1\\) panicked at a.rs:1:2:\n|stack backtrace:\n  1: a::b\n      at ./a.rs:1:2\n\
    |--- FAIL: a/b \\(1s\\)\n|    a_test.go:1: x\n|panic: x\n|# a/b\n|a.go:1:2: x\n\
    |FAIL a.js\n|  ● a › b\n|Test Suites: 1\n|Details:\n|> 1 \\| x\n    \\| \\^\n|      at a \\(a.js:1:2\\)\n\
    | FAIL  a.ts > b\n|Test Files  1\n|⎯⎯⎯\n|  1 failing\n|  1\\) a\n|       b:\n\
    |✖ failing tests:\n|test at a.js:1:2\n|✖ a \\(1ms\\)\n|  'test failed'\n|not ok 1 - a\n  ---\n  error: 'x'\n\
    |  \\.\\.\\.\n|======\nFAIL: a \\(b.C.a\\)\n|  File \"a.py\", line 1, in b\n    code\n|Traceback \\(most recent\n\
    |=== FAILURES =====\n|===== ERRORS =====\n|_____ a _____\n|E   x\n|a.py:1: X\n|a.ts\\(1,2\\): error TS1: x\n\
    |a.ts:1:2 - error TS1: x\n|a.c:1:2: error: x\n|  1:2  error  x  y\n|FAIL: a\n|日本語: undefined reference to `x'\n){0,60}";

proptest! {
    #[test]
    fn any_output_is_told_within_its_bounds(output in PIECES, is_ours: bool) {
        let stood = ["a".to_owned(), String::new()];
        for stood in [&stood[..], &[]] {
            if let Some(text) = telling(&output, &|_| is_ours, stood) {
                prop_assert!(text.lines().count() <= MOST_LINES, "{text}");
                prop_assert!(text.len() <= MOST_BYTES && !text.trim().is_empty(), "{text}");
            }
        }
    }

    #[test]
    fn an_output_of_long_lines_is_told_within_its_bounds(
        word in "\\PC{1,9}", times in 1_usize..900, lines in 1_usize..30,
    ) {
        let long = word.repeat(times);
        let output = format!("___ {long} ___\na.c:1:1: error: {long}\n").repeat(lines);
        let tail = format!("=== FAILURES ===\n___ a ___\n{}", format!("E   {long}\n").repeat(lines));
        for output in [output, tail] {
            let text = told(&output);
            prop_assert!(text.lines().count() <= MOST_LINES && text.len() <= MOST_BYTES, "{text}");
        }
    }
}

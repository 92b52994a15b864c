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

fn shown(output: &str) -> String {
    let Some(names) = tests("make test", output) else { return "none".to_owned() };
    let passed = names.passed.iter().map(|name| format!("+ {name}"));
    let failed = names.failed.iter().map(|name| format!("- {name}"));
    passed.chain(failed).collect::<Vec<_>>().join("\n")
}

#[test]
fn cargo_names_tests_by_binary() {
    insta::assert_snapshot!(shown(log!("cargo-test")));
    insta::assert_snapshot!(shown(log!("cargo-test-q")));
    insta::assert_snapshot!(shown(log!("cargo-nextest")));
    assert_eq!(shown(log!("cargo-build-error")), "none");
}

#[test]
fn go_names_tests_by_package() {
    insta::assert_snapshot!(shown(log!("go-plain")));
    insta::assert_snapshot!(shown(log!("go-verbose")));
    insta::assert_snapshot!(shown(log!("go-json")));
}

#[test]
fn unittest_names_what_failed_and_with_v_what_passed() {
    insta::assert_snapshot!(shown(log!("unittest-plain")));
    insta::assert_snapshot!(shown(log!("unittest-verbose")));
    insta::assert_snapshot!(shown(log!("unittest-import-error")));
    let old = "test_a (calc.Sums) ... ok\n\nRan 1 test in 0.1s\n";
    assert_eq!(shown(old), "+ calc.Sums.test_a");
}

#[test]
fn pytest_names_tests_in_its_lines_and_in_its_summary() {
    insta::assert_snapshot!(shown(log!("pytest-v")));
    insta::assert_snapshot!(shown(log!("pytest-rA")));
    assert_eq!(shown(log!("pytest-q")), shown(log!("pytest-plain")));
    insta::assert_snapshot!(shown(log!("pytest-q")));
    assert_eq!(shown(log!("pytest-collect-error")), "- tests/test_broken.py");
}

#[test]
fn node_names_tests_by_their_groups_in_both_reporters() {
    insta::assert_snapshot!(shown(log!("node-spec")));
    assert_eq!(shown(log!("node-tap")), shown(log!("node-spec")));
    insta::assert_snapshot!(shown(log!("node-spec-syntax-error")));
    let tap = shown(log!("node-tap-syntax-error"));
    assert_eq!(tap, shown(log!("node-spec-syntax-error")));
}

#[test]
fn jest_and_vitest_name_tests_by_file() {
    insta::assert_snapshot!(shown(log!("jest")));
    insta::assert_snapshot!(shown(log!("jest-verbose")));
    insta::assert_snapshot!(shown(log!("vitest")));
    insta::assert_snapshot!(shown(log!("vitest-verbose")));
}

#[test]
fn an_output_without_its_middle_says_only_what_failed() {
    let cut = "test a ... ok\n[… 9 bytes left out …]\ntest b ... FAILED\n\ntest result: FAILED.\n";
    assert_eq!(shown(cut), "- b");
    let green = cut.replace("... FAILED", "... ok");
    assert_eq!(tests("cargo test", &green), Some(TestNames::default()));
}

#[test]
fn an_excerpt_shows_what_is_wrong_and_where() {
    for (log, words) in [
        (log!("cargo-test"), &["src/lib.rs:14:29", "left: 4", "right: 5"][..]),
        (log!("cargo-build-error"), &["error[E0308]: mismatched types", "src/lib.rs:18:23"]),
        (log!("unittest-verbose"), &["AssertionError: 0 != 4", "RuntimeError: boom"]),
        (log!("unittest-import-error"), &["No module named 'nothing_there'"]),
        (log!("pytest-v"), &["E       assert -1 == (2 + 3)", "tests/test_sums.py:8"]),
        (log!("node-spec"), &["AssertionError [ERR_ASSERTION]: 0 == 1"]),
        (log!("jest"), &["Expected: \"b\"", "> 4 |", "Unexpected token (1:10)"]),
        (log!("vitest"), &["expected 'a' to be 'b'", "Cannot find module './nothing-there.js'"]),
        (log!("go-plain"), &["add_test.go:9: Add(2, 2) = 0, want 4", "undefined: nothing"]),
    ] {
        let excerpt = excerpt(log, 60, 6_000);
        for word in words {
            assert!(excerpt.contains(word), "no {word} in:\n{excerpt}");
        }
        for noise in ["/rustc/", "... ok", "Compiling", "/home/dev/", "node:internal", "✔", "✓"]
        {
            assert!(!excerpt.contains(noise), "{noise} in:\n{excerpt}");
        }
    }
}

#[test]
fn an_excerpt_of_what_says_nothing_is_its_end() {
    let output: String = (0..1_000).map(|i| format!("line {i}\n")).collect();
    assert_eq!(excerpt(&output, 3, 1_000), "line 997\nline 998\nline 999");
    assert_eq!(excerpt("", 3, 1_000), "");
    assert_eq!(excerpt("all\nof it\n", 60, 1_000), "all\nof it");
}

#[test]
fn of_many_errors_the_first_are_shown_and_the_end() {
    let mut output = "noise\n".repeat(500);
    for i in 0..200 {
        output.push_str(&format!("error: number {i}\n"));
        output.push_str(&"context\n".repeat(20));
    }
    output.push_str("error: could not compile\n");
    let excerpt = excerpt(&output, 40, 4_000);
    assert!(excerpt.contains("error: number 0\n") && excerpt.ends_with("could not compile"));
    assert!(!excerpt.contains("number 150"));
}

proptest! {
    #[test]
    fn any_output_is_answered_within_its_bounds(
        output in "(\\PC{0,40}\n|error: x\n|test a ... ok\n|  ✖ b\n|--- FAIL: c (1s)\n|  ● d\n){0,80}",
        lines in 3_usize..30,
        bytes in 20_usize..2_000,
    ) {
        let _ = tests("x", &output);
        let excerpt = excerpt(&output, lines, bytes);
        prop_assert!(excerpt.lines().count() <= lines, "{} lines of {}", excerpt.lines().count(), lines);
        prop_assert!(excerpt.len() <= bytes + 8, "{} bytes of {}", excerpt.len(), bytes);
    }
}

use super::*;

const PRICING: &str = "def line_total(quantity, price):\n    return quantity * price\n";
const INVOICE: &str = "from pricing import line_total\n\ndef total(items):\n    return sum(line_total(i['quantity'], i['price']) for i in items)\n";
const TEST: &str =
    "from pricing import line_total\n\ndef test_it():\n    assert line_total(1, 2) == 2\n";

fn file<'a>(path: &'a str, text: &'a str) -> SourceFile<'a> {
    SourceFile { path, text }
}

fn shop() -> Vec<SourceFile<'static>> {
    vec![
        file("README.md", "A shop. `line_total` adds up.\n"),
        file("invoice.py", INVOICE),
        file("pricing.py", PRICING),
        file("other.py", "def unrelated():\n    return 'nothing'\n"),
        file("tests/test_pricing.py", TEST),
        file("poetry.lock", "line_total"),
        file("node_modules/x/line_total.js", "function line_total() {}"),
    ]
}

#[test]
fn the_file_that_defines_a_name_comes_before_those_that_use_it() {
    let focus = focus("`line_total` should take a discount", &shop(), 10_000);
    assert_eq!(focus.edit, ["pricing.py", "invoice.py"]);
    assert_eq!(focus.read, ["tests/test_pricing.py"]);
}

#[test]
fn a_japanese_issue_is_read_by_its_identifiers() {
    let focus = focus("`line_total`に割引を追加してください。", &shop(), 10_000);
    assert_eq!(focus.edit, ["pricing.py", "invoice.py"]);
}

#[test]
fn a_rename_reaches_the_tests() {
    let focus = focus("Rename `line_total` to `sum_of_line` everywhere", &shop(), 10_000);
    assert!(focus.edit.contains(&"tests/test_pricing.py".to_owned()), "{focus:?}");
}

#[test]
fn a_file_that_is_named_is_in() {
    let focus = focus("other.py returns the wrong text", &shop(), 10_000);
    assert_eq!(focus.edit.first().map(String::as_str), Some("other.py"));
}

#[test]
fn a_file_that_shares_a_word_with_the_issue_and_no_more_stays_out() {
    let files = [
        file("harbour.py", "def berth_of(ship):\n    return ship.harbour\n"),
        file("far.py", "def other(ship):\n    return None\n"),
        file("user.py", "def moor(it):\n    return berth_of(it)\n"),
    ];
    let focus = focus("`berth_of` gives no berth for a ship in the harbour", &files, 10_000);
    assert_eq!(focus.edit, ["harbour.py", "user.py"]);
}

#[test]
fn what_does_not_fit_is_named() {
    let focus = focus("`line_total` should take a discount", &shop(), PRICING.len() + 5);
    assert_eq!(focus.edit, ["pricing.py"]);
    assert_eq!(focus.left_out, ["invoice.py", "tests/test_pricing.py"]);
}

#[test]
fn an_issue_without_names_gets_the_entry_points() {
    let files = [file("src/main.rs", "fn main() {}"), file("src/deep/er/x.rs", "fn y() {}")];
    let focus = focus("それは壊れています", &files, 10_000);
    assert_eq!(focus.edit.first().map(String::as_str), Some("src/main.rs"));
}

#[test]
fn for_tests_the_sources_are_to_read_and_the_tests_to_edit() {
    let focus = focus_on_tests("discount", &["pricing.py"], &shop(), 10_000);
    assert_eq!(focus.edit, ["tests/test_pricing.py"]);
    assert_eq!(focus.read, ["pricing.py"]);
}

use super::super::render::plain;
use super::*;
use crate::domain::example::Language;

/// As a language writes it.
fn in_language(text: &str, language: Language) -> Option<String> {
    plain(&Value::of(text)?, language)
}

#[test]
fn literals_of_all_languages_are_read_and_written_in_the_one_that_is_asked_for() {
    for (text, python, javascript) in [
        ("null", Some("None"), Some("null")),
        ("True", Some("True"), Some("true")),
        ("-3.5", Some("-3.5"), Some("-3.5")),
        ("+3", Some("3"), Some("3")),
        ("1_000", Some("1000"), Some("1000")),
        ("0xff", Some("0xff"), Some("0xff")),
        ("1e-3", Some("1e-3"), Some("1e-3")),
        ("'it\\'s'", Some("\"it's\""), Some("\"it's\"")),
        ("\"a\\tb\\u00e9\"", Some("\"a\\tbé\""), Some("\"a\\tbé\"")),
        ("[1, [2, 'x'],]", Some("[1, [2, \"x\"]]"), Some("[1, [2, \"x\"]]")),
        ("(1, 2)", Some("(1, 2)"), None),
        ("(1,)", Some("(1,)"), None),
        ("{'a': 1}", Some("{\"a\": 1}"), Some("{\"a\": 1}")),
        ("{a: 1}", None, Some("{\"a\": 1}")),
        ("{1, 2}", Some("{1, 2}"), None),
        ("undefined", None, Some("undefined")),
        ("f(1, g('x'), w=2)", Some("f(1, g(\"x\"), w=2)"), None),
        ("stats.median([])", Some("median([])"), Some("median([])")),
    ] {
        assert_eq!(in_language(text, Language::Python).as_deref(), python, "{text}");
        assert_eq!(in_language(text, Language::JavaScript).as_deref(), javascript, "{text}");
    }
    for text in [
        "vec![1, 2]",
        "&[1, 2]",
        "Some(3)",
        "Ok(\"a\")",
        "Ok(())",
        "String::from(\"a\")",
        "'x'",
        "5u32",
    ] {
        assert_eq!(in_language(text, Language::Rust).as_deref(), Some(text));
    }
    assert_eq!(in_language("\"a\".to_string()", Language::Rust).unwrap(), "String::from(\"a\")");
    assert_eq!(
        in_language("f('x', \"\u{1}1\", NULL)", Language::C).unwrap(),
        "f('x', \"\\0011\", NULL)"
    );
}

#[test]
fn what_is_more_than_literals_is_no_value() {
    for text in [
        "x",
        "f(x)",
        "f(1).g()",
        "f(1)[0]",
        "f(*a)",
        "f(1",
        "1 + 2",
        "a if b else c",
        "lambda: 1",
        "[i for i in x]",
        "f'{x}'",
        "`a`",
        "007",
        "1.2.3",
        "2024-01-01",
        "3px",
        "\"a",
        "'''a'''",
        "\"a\" \"b\"",
        "{1: 2, 3}",
        "__import__('os').system('x')",
        "f(g)",
        "f(a=1, 2)",
        "",
        "f(1) + 1",
        "new F(1)",
        "await f(1)",
        "\"\\q\"",
        "[1 2]",
        "{a, b}",
        "f(function () {})",
    ] {
        assert_eq!(Value::of(text), None, "{text}");
    }
    let deep = format!("{}1{}", "[".repeat(30), "]".repeat(30));
    assert_eq!(Value::of(&deep), None);
}

#[test]
fn what_was_written_is_read_again_as_the_same() {
    for text in ["f(\"a\\n\\\"b\", [1, -2.5], {\"k\": None}, w=(1, True))", "g({1, 2})"] {
        let once = in_language(text, Language::Python).unwrap();
        assert_eq!(in_language(&once, Language::Python).unwrap(), once);
    }
}

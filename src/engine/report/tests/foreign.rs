use super::*;

#[test]
fn foreign_words_refer_to_nothing_and_are_no_markup() {
    for (text, plain) in [
        ("Fixes #1 and o/r#2 @all", "Fixes # 1 and o/r# 2 @ all"),
        ("closes GH-1, gh-2 but not GH-x", "closes GH- 1, gh- 2 but not GH-x"),
        ("closes https://github.com/o/r/issues/1", "closes https://github.com/o/r/issues/ 1"),
        ("see o/r/pull/12\u{1b}[0m", "see o/r/pull/ 12 [0m"),
        ("Vec<u8> a - 1 a/1", "Vec<u8> a - 1 a/1"),
    ] {
        assert_eq!(inert(text), plain);
    }
    let named = "&commat;all &#64;all &num;1 R&D a && b";
    assert_eq!(sentence(named), "& commat;all &# 64;all & num;1 R&D a && b");
    assert_eq!(sentence("write `@ai-fix #1` @all"), "write `@ai-fix #1` @ all");
    assert_eq!(sentence("a ` b `@all` c"), "a ' b '@ all' c");
    assert_eq!(sentence("a \\`@all` ``@all``"), "a \\'@ all' ''@ all''");
    assert_eq!(sentence("<`@all>` <.`@all>`"), "<'@ all>' <.'@ all>'");
    let markup = "<!-- x --> <img src=y> </sub> [a](b) 1 < 2";
    assert_eq!(sentence(markup), "< !-- x --> < img src=y> < /sub> [a] (b) 1 < 2");
}

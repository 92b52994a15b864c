//! Errors, words, and what no text may do.

use proptest::prelude::*;

use super::*;

const FILES: [&str; 10] =
    ["a.py", "a.js", "a.jsx", "a.ts", "a.tsx", "a.rs", "a.go", "a.c", "a.sh", "a.h"];

#[test]
fn the_first_syntax_error_is_on_its_line() {
    for (path, text, line) in [
        ("a.py", "x = 1\ny = (\n", Some(2)),
        ("a.py", "def f():\n\nx = 1\n", Some(1)),
        ("a.py", "def f():\n    # later\n\nx = 1\n", Some(1)),
        ("a.py", "def f():\n    x = 1\n      y = 2\n", Some(3)),
        ("a.py", "x = 1\n  y = 2\n", Some(2)),
        ("a.py", "if x: y = 1; z = 2\nfor a in b:\n  c = 3; d = 4\n", None),
        ("a.py", "x = 1 + \\\n  2\nmatch x:\n    case 1:\n        pass\n", None),
        ("a.js", "f(1);\nfunction g( {\n}\n", Some(2)),
        ("a.js", "const a = 1\nconst b = 2\n", None),
        ("a.rs", "fn f() {\n    let x = ;\n}\n", Some(2)),
        ("a.go", "package a\n\nfunc f() {\n\tx :=\n}\n", Some(4)),
        ("a.c", "int f(void)\n{\n    return 1\n}\n", Some(3)),
        ("a.sh", "f() {\n  if x; then\n  y\n}\n", Some(2)),
    ] {
        let broken = of(path, text).broken;
        assert_eq!(broken.is_some(), line.is_some(), "{path}: {text}");
        if path.ends_with("py") || path.ends_with("rs") {
            assert_eq!(broken, line, "{path}: {text}");
        }
    }
}

#[test]
fn words_are_told_apart_by_where_they_stand() {
    let kinds = |path: &str, text: &str, word: &str| -> Vec<WordKind> {
        let words = identifiers(path, text).unwrap();
        words.iter().filter(|it| it.text == word).map(|it| it.kind).collect()
    };
    use WordKind::{Code, InComment, InString};
    assert_eq!(
        kinds("a.py", "# nameを\nname = f'name {name}' + other_name + b'\\tname'\n", "name"),
        [InComment, Code, InString, Code]
    );
    assert_eq!(
        kinds("a.js", "/* name */ name(`name ${name}`, /name/, 'name', $name)", "name"),
        [InComment, Code, InString, Code, InString, InString]
    );
    assert_eq!(
        kinds("a.tsx", "const a = (b: string) => <p name={name}>name</p>;", "name"),
        [Code, Code, InString]
    );
    assert_eq!(kinds("a.ts", "const a: string = 'a';", "string"), [Code]);
    assert_eq!(
        kinds("a.sh", "name=1\necho \"name $name ${name}\" 'name' # name\n", "name"),
        [Code, InString, Code, Code, InString, InComment]
    );
    assert_eq!(
        kinds("a.c", "#include \"name.h\"\n#define A name(\"name\")\n", "name"),
        [InString, Code, InString]
    );
    assert_eq!(
        kinds("a.rs", "/// name\nfn name<'name>() { p!(\"name\", name) }", "name"),
        [InComment, Code, Code, InString, Code]
    );
    assert_eq!(kinds("a.go", "package name\nvar a = `name`\n", "name"), [Code, InString]);
}

#[test]
fn deep_and_odd_texts_come_to_an_end() {
    for path in FILES {
        for piece in [
            "(",
            "[",
            "{",
            "{\"a\":",
            "<a>",
            "if x:\n ",
            "`${",
            "class A { ",
            "mod a {",
            "$((",
            "<<E\n",
            "'",
            "#if A\n",
        ] {
            let text = piece.repeat(1_000);
            outline(path, &text);
            identifiers(path, &text);
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,10}",
        "[ \\n\\t{}()'\"`/#*$\\\\<>=:;,.@&|\\[\\]]{0,6}",
        "(def|class|fn|func|function|impl|mod|struct|const|export|if|case|esac|<<EOF|#define|typedef)",
        "[a-zé]{1,4}",
        Just("\n    ".to_owned()),
        Just("\r\n".to_owned()),
        Just("\0".to_owned()),
        Just("é ü".to_owned()),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|it| it.concat())
}

proptest! {
    #[test]
    fn ranges_of_arbitrary_text_are_within_it(text in text()) {
        for path in FILES {
            let Some(found) = outline(path, &text) else { continue };
            for it in found.definitions.iter().chain(&found.prototypes) {
                prop_assert!(text.get(it.bytes.clone()).is_some() && text.get(it.body.clone()).is_some());
                prop_assert!(it.bytes.start <= it.body.start && it.body.end <= it.bytes.end);
                prop_assert!(!it.signature.contains('\n'));
            }
            let lines = text.matches('\n').count() + 1;
            prop_assert!(found.broken.is_none_or(|it| (1..=lines).contains(&it)));
            for word in identifiers(path, &text).unwrap_or_default() {
                prop_assert_eq!(text.get(word.bytes.clone()), Some(word.text.as_str()));
            }
        }
    }
}

use super::*;
use crate::engine::aim::{Missing, Place};

const SHOP: &str = "import math\n\nLIMIT = 3\n\n\n# What it costs.\ndef price(item):\n    return item[\"price\"]\n\n\nclass Cart:\n    def __init__(self):\n        self.items = []\n\n    def total(self):\n        return sum(price(it) for it in self.items)\n\n    def count(self):\n        return len(self.items)\n";

fn place(path: &str, text: &str, name: &str) -> Place {
    let outline = symbols::outline(path, text).unwrap();
    let it = outline.definitions.iter().find(|it| it.name == name).unwrap();
    Place {
        path: path.to_owned(),
        name: it.name.clone(),
        container: it.container.clone(),
        kind: it.kind,
        bytes: it.bytes.clone(),
        score: 1.0,
    }
}

fn spliced(path: &str, text: &str, name: &str, reply: &str) -> Result<String, Misfit> {
    splice(path, text, &[place(path, text, name)], &Wanted::default(), reply)
}

#[test]
fn a_function_is_replaced_and_all_else_stays_byte_for_byte() {
    let reply = "Sure!\n```python\ndef price(item):\n    return item[\"price\"] * 2\n```\nDone.";
    let new = spliced("shop.py", SHOP, "price", reply).unwrap();
    assert_eq!(new, SHOP.replace("item[\"price\"]\n", "item[\"price\"] * 2\n"));
}

#[test]
fn a_method_is_replaced_in_whatever_wrapping_it_comes() {
    let expected = SHOP.replace("len(self.items)", "len(set(self.items))");
    for reply in [
        "```python\ndef count(self):\n    return len(set(self.items))\n```",
        "```python\n    def count(self):\n        return len(set(self.items))\n```",
        "```python\nclass Cart:\n    def count(self):\n        return len(set(self.items))\n```",
        "def count(self):\n    return len(set(self.items))\n",
    ] {
        assert_eq!(
            spliced("shop.py", SHOP, "count", reply).as_deref(),
            Ok(expected.as_str()),
            "{reply}"
        );
    }
}

#[test]
fn what_was_not_asked_for_is_not_taken() {
    let reply = "```python\nclass Cart:\n    def __init__(self):\n        pass\n\n    def total(self):\n        return 0\n\n    def count(self):\n        return 1\n```";
    let new = spliced("shop.py", SHOP, "count", reply).unwrap();
    assert_eq!(new, SHOP.replace("len(self.items)", "1"));
}

#[test]
fn a_helper_and_an_import_of_the_answer_come_along() {
    let reply = "```python\nimport math\nimport re\n\ndef clean(x):\n    return re.sub(\" \", \"\", x)\n\ndef price(item):\n    return clean(item)\n```";
    let new = spliced("shop.py", SHOP, "price", reply).unwrap();
    assert!(new.starts_with("import math\nimport re\n\nLIMIT"), "{new}");
    assert!(new.contains("def clean(x):\n    return re.sub(\" \", \"\", x)\n\n\n# What it costs.\ndef price(item):\n    return clean(item)\n"), "{new}");
    let method =
        "```python\ndef count(self):\n    return self.half()\n\ndef half(self):\n    return 1\n```";
    let new = spliced("shop.py", SHOP, "count", method).unwrap();
    assert!(
        new.contains("        return self.half()\n\n    def half(self):\n        return 1\n"),
        "{new}"
    );
}

#[test]
fn other_languages_keep_their_words_before_a_function() {
    let js = "export function slug(text) {\n  return text;\n}\n\nexport class Box {\n  open() {\n    return 1;\n  }\n}\n";
    let new =
        spliced("a.js", js, "slug", "```js\nfunction slug(text) {\n  return text.trim();\n}\n```");
    assert_eq!(new.unwrap(), js.replace("return text;", "return text.trim();"));
    let new = spliced("a.js", js, "open", "```js\nopen() {\n  return 2;\n}\n```");
    assert_eq!(new.unwrap(), js.replace("return 1", "return 2"));
    let rust = "pub struct Grid(u8);\n\nimpl Grid {\n    /// One.\n    pub fn one(&self) -> u8 {\n        self.0\n    }\n}\n";
    let new =
        spliced("a.rs", rust, "one", "```rust\npub fn one(&self) -> u8 {\n    self.0 + 1\n}\n```");
    assert_eq!(new.unwrap(), rust.replace("self.0\n", "self.0 + 1\n"));
    let c = "#include <stdio.h>\n\nstatic int one(void)\n{\n\treturn 1;\n}\n";
    let new = spliced(
        "a.c",
        c,
        "one",
        "```c\n#include <string.h>\nstatic int one(void)\n{\n\treturn 2;\n}\n```",
    );
    assert_eq!(
        new.unwrap(),
        c.replace("stdio.h>\n", "stdio.h>\n#include <string.h>\n").replace("return 1", "return 2")
    );
    let sh = "#!/bin/sh\nlist() {\n    ls\n}\n\nlist\n";
    let new = spliced("a.sh", sh, "list", "```sh\nlist() {\n    ls -a\n}\n```");
    assert_eq!(new.unwrap(), sh.replace("    ls\n", "    ls -a\n"));
}

#[test]
fn an_answer_that_fits_nothing_says_why() {
    assert_eq!(spliced("shop.py", SHOP, "price", "```python\n```"), Err(Misfit::NoCode));
    assert_eq!(
        spliced("shop.py", SHOP, "price", "```python\nprint(1)\n```"),
        Err(Misfit::Elsewhere("price".to_owned()))
    );
    let broken = spliced("shop.py", SHOP, "price", "```python\ndef price(item:\n    return\n```");
    assert!(matches!(broken, Err(Misfit::Broken(_))), "{broken:?}");
}

#[test]
fn a_line_that_the_build_refused_is_known_again() {
    let text = "def price(item):\n    return item\n";
    let bad = "    return f\"{item.count('\\n')}\"";
    let refused = format!("File \"shop.py\", line 2\n{bad}\n   ^\nSyntaxError: no backslash");
    let made = format!("def price(item):\n{bad}\n");
    assert_eq!(avoids(text, &made, &refused), Err(Misfit::Again(bad.trim().to_owned())));
    assert_eq!(avoids(&made, &made, &refused), Ok(()), "it was there before");
    assert_eq!(avoids(text, "def price(item):\n    return str(item)\n", &refused), Ok(()));
    assert_eq!(avoids(text, "def price(item):\n    else:\n", "else:"), Ok(()), "too short");
}

proptest::proptest! {
    #[test]
    fn nothing_panics_on_arbitrary_answers(reply in "(```|\\n|def |price|total|class |self|\\(|\\)|:|    |é|return|import re){0,40}") {
        for name in ["price", "count", "LIMIT"] {
            let _ = spliced("shop.py", SHOP, name, &reply);
        }
    }
}

fn missing(name: &str, head: &str, beside: &Place) -> Missing {
    Missing { name: name.to_owned(), head: head.to_owned(), beside: beside.clone() }
}

#[test]
fn what_is_new_is_public_where_the_issue_says_so() {
    let text = "/// One.\npub fn one() -> u8 {\n    1\n}\n";
    let beside = place("a.rs", text, "one");
    let of = |head: &str, reply: &str| {
        let new = missing("two", head, &beside);
        add("a.rs", text, &new, &format!("```rust\n{reply}\n```")).unwrap()
    };
    let (plain, public) = ("fn two() -> u8 {\n    2\n}", "pub fn two() -> u8 {\n    2\n}");
    for (head, reply, made) in [
        ("pub fn two() -> u8", plain, public),
        ("pub fn two() -> u8", public, public),
        ("fn two() -> u8", plain, plain),
    ] {
        assert_eq!(of(head, reply), format!("{made}\n\n{text}"), "{head}");
    }
}

#[test]
fn what_is_new_is_added_and_changes_nothing_else() {
    let reply = "```python\nimport re\n\ndef price(item):\n    return 0\n\ndef tidy(x):\n    return re.sub(' ', '', x)\n```";
    let beside = place("shop.py", SHOP, "price");
    let wanted = |name: &str| missing(name, "", &beside);
    let new = add("shop.py", SHOP, &wanted("tidy"), reply).unwrap();
    let made = "def tidy(x):\n    return re.sub(' ', '', x)\n\n\n# What it costs.";
    let expected =
        SHOP.replace("# What it costs.", made).replace("import math", "import math\nimport re");
    assert_eq!(new, expected);
    let elsewhere = add("shop.py", SHOP, &wanted("other"), reply);
    assert_eq!(elsewhere, Err(Misfit::Elsewhere("other".to_owned())));
    let moved = found(&beside, &new).unwrap();
    assert!(new[moved.bytes].starts_with("# What it costs.\ndef price"));
}

#[test]
fn an_answer_without_what_was_asked_for_is_none_unless_it_has_what_is_missing() {
    let reply = "```python\nclass Cart:\n    def price(item):\n        return 0\n\n    def half(self):\n        return 1\n```";
    let places = [place("shop.py", SHOP, "total")];
    let of = |missing: &[String]| {
        splice("shop.py", SHOP, &places, &Wanted { missing, elsewhere: &[] }, reply)
    };
    assert_eq!(of(&[]), Err(Misfit::Elsewhere("total".to_owned())));
    let new = of(&["half".to_owned()]).unwrap();
    assert!(new.contains("    def half(self):\n        return 1\n"), "{new}");
    assert_eq!(new.matches("def price").count(), 1, "a function of the file is no method: {new}");
}

#[test]
fn what_another_file_has_by_now_is_not_written_a_second_time() {
    let reply =
        "```python\ndef clean(x):\n    return x\n\ndef price(item):\n    return clean(item)\n```";
    let places = [place("shop.py", SHOP, "price")];
    let wanted = Wanted { missing: &[], elsewhere: &["clean"] };
    let new = splice("shop.py", SHOP, &places, &wanted, reply).unwrap();
    assert_eq!(new, SHOP.replace("item[\"price\"]\n", "clean(item)\n"));
}

#[test]
fn a_whole_function_is_taken_from_an_answer_that_is_broken_elsewhere() {
    let reply = "```python\nclass Item\n    def __init__(self):\n        pass\n\ndef price(item):\n    return item[\"price\"] * 2\n```";
    let new = spliced("shop.py", SHOP, "price", reply).unwrap();
    assert!(new.contains("return item[\"price\"] * 2"), "{new}");
    assert!(symbols::outline("shop.py", &new).unwrap().broken.is_none(), "{new}");
    let reply = "```python\ndef price(item):\n    return item[\"price\" * 2\n```";
    assert!(matches!(spliced("shop.py", SHOP, "price", reply), Err(Misfit::Broken(_))));
}

#[test]
fn a_caller_keeps_what_it_is_called_with() {
    let of = |reply: &str| follow("shop.py", SHOP, &[place("shop.py", SHOP, "price")], reply);
    let new = of("```python\ndef price(item):\n    return item[\"price\"] * 2\n```").unwrap();
    assert!(new.contains("* 2"));
    let other = of("```python\ndef price(item, factor):\n    return item[\"price\"] * factor\n```");
    assert_eq!(other, Err(Misfit::Head("price".to_owned())));
}

#[test]
fn a_script_is_replaced_as_a_whole_and_keeps_its_functions_and_its_first_line() {
    let text = "#!/bin/sh\nsay() {\n    echo \"$1\"\n}\nsay one\n";
    let (path, name) = ("a.sh".to_owned(), String::new());
    let (bytes, kind) = (0..text.len(), Kind::Function);
    let all = Place { path, name, container: None, kind, bytes, score: 1.0 };
    let of =
        |reply: &str| splice("a.sh", text, std::slice::from_ref(&all), &Wanted::default(), reply);
    let new = of("```sh\nsay() {\n    echo \"$1\"\n}\nsay two\n```").unwrap();
    assert_eq!(new, text.replace("one", "two"));
    assert_eq!(of("```sh\necho two\n```"), Err(Misfit::Elsewhere("say".to_owned())));
    assert!(matches!(of("```sh\nsay() {\n```"), Err(Misfit::Broken(_))));
    assert_eq!(found(&all, "echo\n").unwrap().bytes, 0..5);
}

use super::*;

fn read(language: Language, text: &str) -> Option<(String, String, Vec<String>)> {
    let found = snippet(language, text)?;
    let side = |it: &Range<usize>| text[it.clone()].to_owned();
    let said = |it: &Assertion| match &it.same {
        Some(same) => format!("{} {} {}", side(&same.left), same.how, side(&same.right)),
        None => side(&it.condition),
    };
    let assertions = found.assertions.iter().map(said).collect();
    Some((found.names.join(" "), found.members.join(" "), assertions))
}

fn found(names: &str, members: &str, assertions: &[&str]) -> Option<(String, String, Vec<String>)> {
    let assertions = assertions.iter().map(|it| (*it).to_owned()).collect();
    Some((names.to_owned(), members.to_owned(), assertions))
}

#[test]
fn each_language_has_its_names_and_what_it_asserts() {
    let python = "from a.b import Box\n\nbox = Box(size=LIMIT)\nfor it in range(3):\n    box.put(it)\n\
                  assert box.all == [0, 1, 2], \"all\"\nassert not box.empty()\n";
    let all = ["box.all == [0, 1, 2]", "not box.empty()"];
    assert_eq!(read(Language::Python, python), found("Box LIMIT", "put all empty", &all));
    let js = "const { f } = require('./f');\nlet a = f(1);\na.b = 2;\nassert(a.b === 2);\n\
              assert.deepStrictEqual(f(2), { b: 1 });\nexpect(f(3).b).toBe(3);\n";
    let all = ["a.b === 2", "f(2) deep { b: 1 }", "f(3).b is 3"];
    assert_eq!(read(Language::JavaScript, js), found("f", "b", &all));
    let rust = "use a::Ring;\nlet mut ring = Ring::new(3);\nassert_eq!(ring.put(SIZE), Ok(()));\n";
    let all = ["(ring.put(SIZE), Ok(()))"];
    assert_eq!(read(Language::Rust, rust), found("Ring SIZE", "new put", &all));
    let c = "struct ring r;\nring_init(&r);\nint v;\nassert(ring_get(&r, &v) == 0 && v == 0);\n\
             assert(r.n == SIZE); // full\n";
    let all = ["ring_get(&r, &v) == 0 && v == 0", "r.n == SIZE"];
    assert_eq!(read(Language::C, c), found("ring ring_init ring_get SIZE", "n", &all));
}

#[test]
fn an_assertion_within_a_loop_ends_where_the_loop_does() {
    let text =
        "for (int i = 0; i < 3; i++) {\n    assert(f(i) == i);\n    g(i);\n}\nassert(g(1));\n";
    let found = snippet(Language::C, text).unwrap();
    let ends: Vec<&str> = found.assertions.iter().map(|it| &text[..it.end]).collect();
    assert!(ends[0].ends_with("g(i);\n}"), "{}", ends[0]);
    assert_eq!(ends[1].trim_end(), text.trim_end());
    assert_eq!(&text[found.assertions[0].bytes.clone()], "assert(f(i) == i);");
    assert_eq!(found.called, ["f", "g"]);
    assert!(found.prepares);
    assert!(!snippet(Language::C, "assert(g(1));").unwrap().prepares);
}

#[test]
fn what_is_not_understood_is_no_snippet() {
    for text in [
        "x = f(1)",
        "assert f(1) ==",
        "import os\nassert f(1)",
        "from a import *\nassert f(1)",
        "from a import b as c\nassert c(1)",
        "def f():\n    pass\nassert f()",
        "with f() as x:\n    assert x",
        "while True:\n    assert f()",
        "try:\n    f()\nexcept E:\n    assert True",
        "assert f().__class__",
        "lambda: f()\nassert f()",
        "assert f(f'{1}')",
        "global x\nassert f(x)",
        "del x\nassert f(x)",
        "g = (x for x in f())\nassert g.gi_frame.f_builtins['open'](1)",
    ] {
        assert_eq!(snippet(Language::Python, text), None, "{text}");
    }
    for text in [
        "assert(f().constructor('x')());",
        "assert(f['constr' + 'uctor']('x')());",
        "const k = 'constructor', g = f[k]; assert(g('x')());",
        "const { constructor } = f; assert(constructor('x')());",
        "const { constructor: g } = f; assert(g('x')());",
        "import * as a from 'a'; assert(a.f());",
        "function f() {} assert(f());",
        "class A {} assert(new A());",
    ] {
        assert_eq!(snippet(Language::JavaScript, text), None, "{text}");
    }
    for text in [
        "unsafe { f(); } assert!(f());",
        "use a::b as c; assert!(c());",
        "let f = |x| x; assert!(f(true));",
        "assert!(crate ::f());",
        "assert!(f()); } fn g() { std::process::abort();",
    ] {
        assert_eq!(snippet(Language::Rust, text), None, "{text}");
    }
    let ended = "assert(f()); } void g(void) { system(\"a\");";
    let begun = "assert(f()); } __attribute__((constructor)) void g(void) { system(\"a\");";
    for text in [
        ended,
        begun,
        "asm(\"nop\"); assert(f());",
        "goto a; assert(f());",
        "#define X 1\nassert(f());",
    ] {
        assert_eq!(snippet(Language::C, text), None, "{text}");
    }
    let long = format!("assert f(\"{}\")", "a".repeat(LONGEST));
    assert_eq!(snippet(Language::Python, &long), None);
    let many = "assert f(1)\n".repeat(MOST + 1);
    assert_eq!(snippet(Language::Python, &many), None);
    assert_eq!(snippet(Language::Shell, "true"), None);
}

#[test]
fn a_name_that_is_made_is_none_that_it_needs() {
    for (language, text) in [
        (Language::Python, "a, (b, c) = f()\nx = [y for y in b]\nassert a == c"),
        (Language::JavaScript, "const { a, b: [c] } = f();\nfor (const x of a) f(x);\nassert(c);"),
        (Language::Rust, "let (a, mut b) = f();\nfor x in a { f(x); }\nassert!(b);"),
        (Language::C, "int *a = f(), b[3], c;\nassert(a && b[0] && c);"),
    ] {
        let found = snippet(language, text).map(|it| it.names);
        assert_eq!(found, Some(Vec::from(["f".to_owned()])), "{text}");
    }
}

#[test]
fn a_name_of_the_languages_stays_that_before_it_is_made_and_outside_of_its_block() {
    for (language, text) in [
        (Language::Python, "open = open\nassert f(open)"),
        (Language::Python, "open(1)\nopen = f()\nassert open"),
        (Language::Python, "for open in open(1):\n    assert f(open)"),
        (Language::Python, "x = [open for open in open(f)]\nassert x"),
        (Language::Python, "x = [open for open in f()]\nassert open(x)"),
        (Language::JavaScript, "{ let process = 1; }\nassert(f(process.exit()));"),
        (Language::JavaScript, "f((process) => 1, process);\nassert(1);"),
        (Language::JavaScript, "for (const process of process.argv) assert(f(process));"),
        (Language::Rust, "{ let std = 1; }\nassert!(f(std));"),
        (Language::C, "{ int system; }\nsystem(\"a\"); assert(f());"),
        (Language::C, "int system = system(\"a\"); assert(f());"),
    ] {
        let found = snippet(language, text).map(|it| it.names).unwrap_or_default();
        let own = ["open", "process", "std", "system"];
        assert!(found.iter().any(|it| own.contains(&it.as_str())), "{text}: {found:?}");
    }
}

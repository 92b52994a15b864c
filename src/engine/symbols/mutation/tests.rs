use super::*;

fn changed(path: &str, text: &str) -> Vec<String> {
    mutants(path, text, &["f"], 400).iter().map(|it| it.of(text)).collect()
}

fn python(body: &str) -> Vec<String> {
    let text = format!("def f(a, b):\n    {body}\n");
    let all = changed("m.py", &text);
    all.iter().filter_map(|it| it.strip_prefix("def f(a, b):\n    ")).map(str::to_owned).collect()
}

fn has(all: &[String], wanted: &str) {
    assert!(all.iter().any(|it| it.trim_end() == wanted), "no {wanted} in:\n{}", all.concat());
}

#[test]
fn a_branch_may_go() {
    has(&python("return a if a > b else b"), "return b");
    has(&python("return a and b"), "return a");
    has(
        &python(
            "if a:\n        return 1\n    elif b:\n        return 2\n    else:\n        return 3",
        ),
        "if a:\n        return 1\n    else:\n        return 2",
    );
    has(&python("if a:\n        return b"), "if not (a):\n        return b");
}

#[test]
fn a_conversion_may_come_and_go() {
    has(&python("return a / b"), "return int(a / b)");
    has(&python("return a / b"), "return a / int(b)");
    has(&python("return str(a)"), "return a");
    has(&python("return a.strip()"), "return a");
    has(&python("return f'{a:02d}'"), "return f'{a}'");
    has(&python("return f'{a}'"), "return f'{a.lower()}'");
}

#[test]
fn operators_and_numbers_have_neighbours() {
    has(&python("return a < b"), "return a <= b");
    has(&python("return a // 10"), "return a // 11");
    has(&python("return a[1:]"), "return a[2:]");
    has(&python("return a % b"), "return a // b");
    has(&python("return '.'.join(a)"), "return '.'.join(a) + '.'");
}

#[test]
fn what_a_function_puts_in_may_be_taken_from_the_ends() {
    has(&python("return '-'.join(a)"), "return '-'.join(a).strip('-')");
    has(&python("return '-' + a"), "return ('-' + a).strip('-')");
    let text = "export function f(a) {\n  return a.split(' ').join('.');\n}\n";
    let all = changed("m.js", text);
    has(&all, text.replace("'.')", "'.').replace(/^\\.+|\\.+$/g, \"\")").trim_end());
    has(
        &all,
        text.replace("'.')", "'.').replace(/^ +|  *$/g, \"\")").replace("  *$", " +$").trim_end(),
    );
    let long = python("return '--'.join(a)");
    assert!(!long.iter().any(|it| it.contains("strip('--')")), "{}", long.concat());
}

#[test]
fn a_regular_expression_has_neighbours() {
    let text =
        "export function f(a) {\n  return a.replace(/[^a-z]/g, '-').replace(/\\s+$/, '');\n}\n";
    let all = changed("m.js", text);
    for (old, new) in [
        ("[^a-z]/", "[^a-z]+/"),
        ("[^a-z]/", "[a-z]/"),
        ("[^a-z]/", "^[^a-z]/"),
        ("]/g", "]/"),
        ("]/g", "]/gi"),
        ("\\s+$", "\\s$"),
        ("\\s+$", "\\s*$"),
        ("\\s+$", "\\s+"),
        ("$/,", "$/g,"),
    ] {
        has(&all, text.replace(old, new).trim_end());
    }
    has(&python("return re.sub(r'[a\\]]', '', a)"), "return re.sub(r'[a\\]]+', '', a)");
    assert!(!python("return a.sub(r'[a]', '', b)").iter().any(|it| it.contains("]+")));
}

#[test]
fn the_likeliest_comes_first() {
    let all = python("return int(a) if a < 1 else b");
    assert_eq!(all.first().map(|it| it.trim_end()), Some("return int(a)"));
    // At every place before the next of its kind.
    let all = python("x = a / 2\n    return b / 2");
    let at = |new: &str| all.iter().position(|it| it.contains(new)).unwrap_or(usize::MAX);
    assert!(at("return int(b / 2)") < at("x = round(a / 2)"), "{}", all.concat());
}

#[test]
fn other_functions_heads_types_comments_and_texts_stay() {
    let text = "def g(a=1):\n    return a + 1\n\n\ndef f(a: int = 2) -> int:\n    \"\"\"Gives 3.\"\"\"\n    # 4\n    return a\n\n\nx = f(5)\n";
    for mutant in changed("m.py", text) {
        assert!(
            mutant.starts_with(&text[..text.find("    return a\n\n\nx").unwrap_or(0)]),
            "{mutant}"
        );
        assert!(mutant.ends_with("\n\n\nx = f(5)\n"), "{mutant}");
    }
}

#[test]
fn script_and_c_have_them_too() {
    let text = "export function f(n) {\n  return `${n}:${String(n % 60).padStart(2, '0')}`;\n}\n";
    let all = changed("m.js", text);
    has(&all, text.replace("n % 60", "Math.floor(n % 60)").trim_end());
    has(&all, text.replace("`${n}:", "`${Math.floor(n)}:").trim_end());
    let text = "int f(int n) {\n    if (n < 3) { return 1; } else { return 2; }\n}\n";
    let all = changed("m.c", text);
    has(&all, text.replace("n < 3", "n <= 3").trim_end());
    has(&all, "int f(int n) {\n    { return 1; }\n}");
}

#[test]
fn what_is_written_to_is_not_wrapped() {
    for mutant in python("a = b\n    a.x = b\n    for i in a:\n        b[i] += 1\n    return a") {
        let wrong = ["int(a) = ", "int(a.x)", "for int", "a.int("];
        assert!(!wrong.iter().any(|it| mutant.contains(it)), "{mutant}");
    }
}

#[test]
fn there_are_not_too_many_of_them() {
    let body = "return ".to_owned() + &vec!["a + b * 2"; 200].join(" + ");
    assert!(python(&body).len() <= 400);
    assert!(mutants("m.rs", "fn f() -> u8 { 1 + 1 }", &["f"], 400).is_empty());
}

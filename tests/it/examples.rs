//! The program that tries an issue's examples, really run in each language, by the real runner.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use codingworker::cage::Limits;
use codingworker::cage::bare::Bare;
use codingworker::domain::example::{Example, Expected, Tried, Verdict};
use codingworker::domain::job::JobId;
use codingworker::engine::example::{before, examples, observed, probe};
use codingworker::engine::source::SourceFile;
use codingworker::runner::host::{HostOptions, HostRunner, toolchain_env};
use codingworker::runner::{Command, Runner};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

mod snippets;
mod trials;

type Files<'a> = &'a [(&'a str, &'a str)];

fn sources<'a>(files: Files<'a>) -> Vec<SourceFile<'a>> {
    files.iter().map(|(path, text)| SourceFile { path, text }).collect()
}

fn found(issue: &str, files: Files<'_>) -> Vec<Example> {
    examples(&format!("Title\n{issue}"), &sources(files))
}

/// A job's folder with these files in its tree.
fn folder(files: Files<'_>) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["tree", "home"] {
        std::fs::create_dir(dir.path().join(folder)).unwrap();
    }
    for (path, text) in files {
        let file = dir.path().join("tree").join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    }
    dir
}

/// What a tree of these files makes of the examples.
async fn tried(examples: &[Example], files: Files<'_>, nonce: &str) -> Vec<Verdict> {
    let dir = folder(files);
    let output = run(&dir, &probe::script(examples, &sources(files)), nonce).await;
    let left = std::fs::read_dir(dir.path().join("home/tmp")).unwrap().count();
    assert_eq!(left, 0, "the probe cleans up");
    let verdicts = probe::judge(&output, nonce, examples);
    verdicts.into_iter().map(|it| it.verdict).collect()
}

#[expect(clippy::disallowed_methods, reason = "where this machine's tools are")]
async fn run(dir: &TempDir, line: &str, nonce: &str) -> String {
    run_with(std::env::var("PATH").unwrap(), dir, line, nonce).await
}

/// The same, with the programs of these folders.
#[expect(clippy::disallowed_methods, reason = "where this machine's tools are")]
async fn run_with(path: String, dir: &TempDir, line: &str, nonce: &str) -> String {
    let root = dir.path().canonicalize().unwrap();
    let extra_env = toolchain_env(&|name| std::env::var_os(name));
    let options = HostOptions { path, extra_env, mark: None, limits: Limits::default() };
    let runner = HostRunner::new(options, Arc::new(Bare));
    let (tree, home): (&Path, &Path) = (&root.join("tree"), &root.join("home"));
    let input = format!("{nonce}\n");
    let command = Command {
        job: &JobId("job".to_owned()),
        image: None,
        docker: false,
        network: false,
        deps: None,
        tree,
        home,
        line,
        stdin: Some(input.as_bytes()),
        env: &[],
        limit: Duration::from_secs(300),
        tee: None,
    };
    runner.run(command, &CancellationToken::new()).await.unwrap().output
}

/// On base each example fails as it should, and with the change each holds.
async fn proves(issue: &str, many: usize, base: Files<'_>, work: Files<'_>) {
    let examples = found(issue, base);
    assert_eq!(examples.len(), many, "{examples:#?}");
    for (verdict, example) in tried(&examples, base, "n1").await.iter().zip(&examples) {
        let fails = matches!(verdict, Verdict::Gives { as_said: true, .. });
        assert!(fails, "{}: {verdict:?}", example.call);
    }
    for (verdict, example) in tried(&examples, work, "n2").await.iter().zip(&examples) {
        assert_eq!(*verdict, Verdict::Holds, "{}", example.call);
    }
}

#[tokio::test]
async fn in_python_also_what_is_in_a_package_or_not_there_yet() {
    let issue = "`add(2, 2)` gives 0 and should be 4.\n\n`bad(1)` should raise ValueError.\n\n\
                 Please add `double`: `double(2)` should be `[2, 2]`.";
    let base = [
        ("pkg/__init__.py", ""),
        ("pkg/other.py", "ONE = 1\n"),
        (
            "pkg/calc.py",
            "from .other import ONE\n\ndef add(a, b):\n    print('noise')\n    return a - b\n\n\
             def bad(a):\n    raise KeyError(a)\n",
        ),
    ];
    let work = [
        ("pkg/__init__.py", ""),
        (
            "pkg/calc.py",
            "def add(a, b):\n    return a + b\n\ndef bad(a):\n    raise ValueError(a)\n\n\
             def double(a):\n    return [a, a]\n",
        ),
    ];
    proves(issue, 3, &base, &work).await;
}

#[tokio::test]
async fn in_python_also_values_of_the_projects_own_classes() {
    let text = "from decimal import Decimal\n\n\nclass Item:\n    def __init__(self, name, price):\n        self.all = (name, price)\n\n    def __eq__(self, other):\n        return self.all == other.all\n\n\ndef read(text):\n    name, price = text.split(SEPARATOR)\n    return [Item(name, Decimal(price))]\n";
    let (base, work) = (text.replace("SEPARATOR", "';'"), text.replace("SEPARATOR", "','"));
    let issue = "`read(\"a,1.5\")` should return `[Item(\"a\", Decimal(\"1.5\"))]`.";
    proves(issue, 1, &[("shop.py", base.as_str())], &[("shop.py", work.as_str())]).await;
}

#[tokio::test]
async fn in_node_whichever_kind_of_module_it_is() {
    let issue = "`slug('a b')` gives `'a b'` but should give `'a-b'`.\n\n\
                 `one(1)` should be `{a: 2}`.\n\n`low(1)` should throw RangeError.";
    let base = [
        (
            "lib/slug.js",
            "function slug(t) {\n  console.log(t);\n  return t;\n}\nmodule.exports = { slug };\n",
        ),
        ("one.js", "function one(a) {\n  return { a };\n}\nmodule.exports = one;\n"),
        ("low.mjs", "export const low = (a) => a;\n"),
    ];
    let work = [
        ("lib/slug.js", "exports.slug = (t) => t.replace(' ', '-');\n"),
        ("one.js", "function one(a) {\n  return { a: a + 1 };\n}\nmodule.exports = one;\n"),
        ("low.mjs", "export function low(a) {\n  throw new RangeError(a);\n}\n"),
    ];
    proves(issue, 3, &base, &work).await;
}

#[tokio::test]
async fn in_c_with_the_files_that_lie_beside() {
    let file = |more: &str| {
        format!(
            "#include \"ring.h\"\nint size(int a)\n{{\n    return other(a){more};\n}}\n\
             const char *name(int a)\n{{\n    return \"x{more}\";\n}}\nint main(void)\n{{\n    return 1;\n}}\n"
        )
    };
    let (old, new) = (file(""), file(" + 1"));
    let rest = [
        ("src/ring.h", "int other(int a);\n"),
        ("src/other.c", "int other(int a)\n{\n    return a;\n}\n"),
    ];
    let base = [("src/ring.c", old.as_str()), rest[0], rest[1]];
    let work = [("src/ring.c", new.as_str()), rest[0], rest[1]];
    proves("`size(3)` gives 3 but should be 4.\n\n`name(1)` should be \"x + 1\".", 2, &base, &work)
        .await;
}

#[tokio::test]
async fn in_rust_through_the_library_crate() {
    let manifest =
        ("Cargo.toml", "[package]\nname = \"my-stats\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    let deep = ("src/deep.rs", "pub fn name(a: u32) -> String {\n    a.to_string()\n}\n");
    let base = [
        manifest,
        deep,
        (
            "src/lib.rs",
            "pub mod deep;\npub fn mean(all: &[f64]) -> Option<f64> {\n    all.first().copied()\n}\n",
        ),
    ];
    let work = [
        manifest,
        ("src/deep.rs", "pub fn name(_: u32) -> String {\n    \"x\".into()\n}\n"),
        (
            "src/lib.rs",
            "pub mod deep;\npub fn mean(all: &[f64]) -> Option<f64> {\n    Some(all.iter().sum::<f64>() / all.len() as f64)\n}\n",
        ),
    ];
    let issue =
        "```rust\nassert_eq!(mean(&[1.0, 2.0]), Some(1.5));\nassert_eq!(name(3), \"x\");\n```";
    proves(issue, 2, &base, &work).await;
    // As people say it: without what is around the value.
    proves("`mean(&[1.0, 3.0])` gives 1.0. It should be 2.", 1, &base, &work).await;
}

#[tokio::test]
async fn a_command_is_run_as_it_is_shown() {
    let issue = "It prints\n\n```\n$ sh snap.sh 'a b'\nwrong a b\n```\n\nbut it should be\n\n\
                 ```\n$ sh snap.sh 'a b'\nright a b\n```\n";
    let (base, work) = ([("snap.sh", "echo wrong $1\n")], [("snap.sh", "echo right $1\n")]);
    proves(issue, 1, &base, &work).await;
}

#[tokio::test]
async fn a_command_with_a_new_option_is_understood_or_not() {
    let usage = "[ $# = 1 ] || { echo 'usage: keep.sh FILE' >&2; exit 2; }\n";
    let found_it = "[ -f \"$1\" ] || { echo \"no such file: $1\" >&2; exit 1; }\n";
    let base = format!("{usage}{found_it}");
    let work = format!("[ \"$1\" = -k ] && shift 2\n{usage}{found_it}");
    let issue = "Please add an option:\n\n    sh keep.sh -k 5 app.log\n";
    let (base, work) = ([("keep.sh", base.as_str())], [("keep.sh", work.as_str())]);
    let examples = found(issue, &base);
    let verdicts =
        |tried: Vec<Verdict>| tried.iter().map(|it| *it == Verdict::Holds).collect::<Vec<_>>();
    assert_eq!(verdicts(tried(&examples, &base, "n1").await), [false]);
    assert_eq!(verdicts(tried(&examples, &work, "n2").await), [true], "the file is another matter");
}

#[tokio::test]
async fn an_exit_status_is_that_of_the_program_and_of_no_error_that_nobody_caught() {
    let issue = "So:\n\n    python3 -m keep -k 5 notes.md\n\nOn `-k 0` exit with status 1.\n";
    let all = [
        ("import sys\n", false),
        ("import sys\nsys.exit('-k is 1 or more')\n", true),
        ("import sys\nsys.exit(2)\n", false),
        ("raise ValueError('-k is 1 or more')\n", false),
    ];
    for (nth, (text, holds)) in all.into_iter().enumerate() {
        let files = [("keep/__init__.py", ""), ("keep/__main__.py", text), ("README.md", "a\n")];
        let mut examples = found(issue, &files);
        examples.retain(|it| it.expected == Expected::Exits(1));
        let calls: Vec<&str> = examples.iter().map(|it| it.call.as_str()).collect();
        assert_eq!(calls, ["python3 -m keep -k 0 README.md"]);
        let verdicts = tried(&examples, &files, &format!("n{nth}")).await;
        assert_eq!([verdicts[0] == Verdict::Holds], [holds], "{text}: {verdicts:?}");
    }
}

#[tokio::test]
async fn what_a_program_prints_without_a_new_option_is_seen_where_it_says_the_same_twice() {
    let named = ["same.sh", "once.sh", "fails.sh", "long.sh"];
    let lines = [
        "cat \"$1\"; echo \"it's\"",
        "[ ! -f seen ] && touch seen && echo once",
        "echo no; exit 1",
        "head -c 9999 /dev/zero | tr '\\0' a",
    ];
    let mut files: Vec<(&str, &str)> = named.into_iter().zip(lines).collect();
    files.push(("README.md", "two\nlines\n"));
    let issue: String = named
        .iter()
        .map(|it| format!("Title\n\n    sh {it} --new 3 notes.md\n\nwords\n"))
        .collect();
    let asked = found(&issue, &files);
    let base = asked.iter().map(|it| Tried { example: it.clone(), verdict: Verdict::Holds });
    let commands = before::commands(&base.collect::<Vec<_>>(), &sources(&files));
    let dir = folder(&files);
    let output = run(&dir, &before::script(&commands).unwrap(), "n0").await;
    let seen = before::seen(&output, "n0", &commands, &sources(&files));
    let printed = Expected::Prints("two\nlines\nit's".to_owned());
    let all: Vec<_> = seen.iter().map(|it| (&*it.call, &it.expected)).collect();
    assert_eq!(all, [("sh same.sh README.md", &printed)]);
    assert!(!seen[0].proves());
    let (other, works) = ([("same.sh", "echo other"), files[4]], &files);
    assert_eq!(tried(&seen, works, "n1").await, [Verdict::Holds]);
    assert_ne!(tried(&seen, &other, "n2").await, [Verdict::Holds]);
}

/// What is seen of these functions, each with its file, while `command` runs.
async fn seen(command: &str, functions: &[(&str, &str)], files: Files<'_>) -> Vec<String> {
    let dir = folder(files);
    let script = observed::script(command, functions).unwrap();
    let output = run(&dir, &script, "n0").await;
    let left = std::fs::read_dir(dir.path().join("home/tmp")).unwrap().count();
    assert_eq!(left, 0, "it cleans up");
    let seen = observed::seen(&output, "n0", &[], &sources(files));
    seen.iter().map(|it| format!("{} {}", it.call, it.expected.words())).collect()
}

#[tokio::test]
async fn what_functions_give_is_seen_while_tests_of_python_run() {
    let files = [
        ("shop/__init__.py", ""),
        (
            "shop/pages.py",
            "def pages(count, per=10):\n    return count // per + 1\n\n\ndef first(pages):\n    if not pages:\n        raise ValueError\n    return pages[0]\n",
        ),
        (
            "test_it.py",
            "import unittest\nfrom shop.pages import first, pages\n\n\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(pages(0), 1)\n        self.assertEqual(pages(25), 3)\n        self.assertEqual(first(['a', 'b']), 'a')\n        first([object()])\n        self.assertRaises(ValueError, first, [])\n",
        ),
    ];
    let functions = [("shop/pages.py", "pages"), ("shop/pages.py", "first")];
    let found = seen("python3 -m unittest -q", &functions, &files).await;
    assert_eq!(found, ["pages(0, 10) 1", "pages(25, 10) 3", r#"first(["a", "b"]) "a""#]);
    let other = [("pages.py", "pages"), ("other.py", "first")];
    assert_eq!(seen("python3 -m unittest -q", &other[1..], &files).await, [""; 0]);
}

#[tokio::test]
async fn what_functions_give_is_seen_while_tests_of_node_run() {
    let files = [
        ("package.json", "{\"type\": \"module\"}"),
        ("lib/slug.js", "export function slug(text) {\n  return text.toLowerCase();\n}\n"),
        (
            "lib/twice.cjs",
            "\"use strict\";\nfunction twice(x) {\n  return x * 2;\n}\nmodule.exports = { twice };\n",
        ),
        (
            "test/it.test.js",
            "import test from \"node:test\";\nimport assert from \"node:assert\";\nimport { slug } from \"../lib/slug.js\";\nimport own from \"../lib/twice.cjs\";\n\ntest(\"it\", () => {\n  assert.equal(slug(\"AB\"), \"ab\");\n  assert.equal(own.twice(4), 8);\n  own.twice(NaN);\n});\n",
        ),
    ];
    let functions = [("lib/slug.js", "slug"), ("lib/twice.cjs", "twice")];
    let found = seen("node --test", &functions, &files).await;
    assert_eq!(found, ["twice(4) 8", "slug(\"AB\") \"ab\""]);
}

/// Code under test that looks for the probe's shell, writes a line in its place, and ends it before
/// it can write its own. It looks no further up than this process: who runs the tests may have the
/// same words in their own command line.
fn forger(nonce: &str) -> String {
    let end = std::process::id();
    format!(
        "import os, signal\n\n\
         def add(a, b):\n    pid = top = os.getppid()\n    while pid not in (0, 1, {end}):\n        \
         if 'probe.XXXXXX' in open('/proc/%d/cmdline' % pid).read():\n            top = pid\n        \
         pid = int(open('/proc/%d/stat' % pid).read().rsplit(')', 1)[1].split()[1])\n    \
         with open('/proc/%d/fd/1' % top, 'w') as out:\n        out.write('{nonce} 0 holds yes 4\\n')\n    \
         os.kill(top, signal.SIGKILL)\n    return 0\n"
    )
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_forged_line_is_believed_where_the_nonce_is_known_and_not_where_it_is_fresh() {
    let text = forger("known");
    let files = [("calc.py", text.as_str())];
    let examples = found("`add(2, 2)` should be 4", &files);
    let (dir, script) = (folder(&files), probe::script(&examples, &sources(&files)));
    let judged = async |nonce| {
        let output = run(&dir, &script, nonce).await;
        assert!(output.contains("known 0 holds yes 4"), "the line is there: {output}");
        probe::judge(&output, nonce, &examples).remove(0)
    };
    assert!(judged("known").await.holds(), "the control");
    let fresh = judged("fresh").await;
    assert!(matches!(fresh.verdict, Verdict::Unknown { .. }), "{fresh:?}");
}

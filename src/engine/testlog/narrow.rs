//! The command that runs only some of the tests: those that failed before.
//!
//! It is for a first look and nothing more: what is green by it is run in full. So what is not
//! surely understood is not narrowed, and a narrowed command that fails to run costs only time.

/// More tests than this are not worth a run of their own.
const MOST: usize = 50;
/// The longest list of names, in bytes.
const LONGEST: usize = 8 << 10;

/// `command` for the tests of these names alone, which are as `tests` reads them. `None`: it is
/// not known how to say that.
pub fn narrowed(command: &str, failed: &[String]) -> Option<String> {
    let length = failed.iter().map(String::len).sum::<usize>();
    let is_plain = |text: &str| !text.contains(|c: char| c.is_control() || c == '\'');
    if failed.is_empty() || failed.len() > MOST || length > LONGEST {
        return None;
    }
    // A line for a shell may mean anything; plain words do not.
    if command.contains(|c: char| c.is_control() || "&|;<>$`\"'()\\#*?{}[]!~".contains(c))
        || !failed.iter().all(|name| is_plain(name))
    {
        return None;
    }
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        ["cargo", "test", options @ ..] if are_options(options) => cargo(command, failed),
        ["cargo", "nextest", "run", options @ ..] if are_options(options) => {
            nextest(command, failed)
        }
        ["go", "test", rest @ ..] if !rest.iter().any(|it| it.starts_with("-run")) => {
            go(rest, failed)
        }
        ["node", "--test", rest @ ..] => node(rest, failed),
        ["npx", "jest", options @ ..]
        | ["jest", options @ ..]
        | ["npx", "vitest", "run", options @ ..]
        | ["vitest", "run", options @ ..]
            if are_options(options) =>
        {
            by_file(command, failed)
        }
        words => pytest(command, words, failed),
    }
}

/// No word names what is to be run, and none is the end of the options.
fn are_options(words: &[&str]) -> bool {
    words.iter().all(|it| it.starts_with('-') && *it != "--")
}

/// `api (src/lib.rs) tests::adds`, `tests/api.rs adds`.
fn cargo(command: &str, failed: &[String]) -> Option<String> {
    let is_documentation = |name: &String| name.contains(" (doc) ") || name.contains(" - ");
    if failed.iter().any(is_documentation) {
        return None;
    }
    let names = failed.iter().filter_map(|name| name.rsplit(' ').next());
    Some(format!("{command} -- --exact {}", quoted(names)))
}

/// `api tests::adds`, `api::api adds`.
fn nextest(command: &str, failed: &[String]) -> Option<String> {
    let names = failed.iter().filter_map(|name| name.rsplit(' ').next());
    let tests = names.map(|name| format!("test(={name})")).collect::<Vec<_>>();
    Some(format!("{command} -E '{}'", tests.join(" + ")))
}

/// `example.com/api TestAdds/zero`: a test runs with all its parts.
fn go(rest: &[&str], failed: &[String]) -> Option<String> {
    let mut names = Vec::new();
    for name in failed {
        let (_, test) = name.split_once(' ')?;
        let test = test.split('/').next().unwrap_or(test);
        let is_name = !test.is_empty() && test.chars().all(|c| c.is_alphanumeric() || c == '_');
        names.push(is_name.then_some(test)?);
    }
    names.sort_unstable();
    names.dedup();
    Some(format!("go test -run '^({})$' {}", names.join("|"), rest.join(" ")).trim_end().to_owned())
}

/// `sums > adds`: by the last part, which is found wherever it stands.
fn node(rest: &[&str], failed: &[String]) -> Option<String> {
    let parts = failed.iter().map(|name| name.rsplit(" > ").next().unwrap_or(name));
    let patterns = parts.map(|part| format!("--test-name-pattern='{}'", escaped(part)));
    let patterns = patterns.collect::<Vec<_>>().join(" ");
    Some(format!("node --test {patterns} {}", rest.join(" ")).trim_end().to_owned())
}

/// `tests/sums.test.js sums › adds`, `tests/sums.test.ts > adds`: all of the file.
fn by_file(command: &str, failed: &[String]) -> Option<String> {
    let mut files = Vec::new();
    for name in failed {
        let file = name.split(' ').next()?;
        let has_ending = [".js", ".ts", ".jsx", ".tsx", ".mjs", ".cjs", ".mts", ".cts"]
            .iter()
            .any(|ending| file.ends_with(ending));
        files.push(has_ending.then_some(file)?);
    }
    files.sort_unstable();
    files.dedup();
    Some(format!("{command} {}", quoted(files.into_iter())))
}

/// `tests/test_sums.py::test_adds[0]`.
fn pytest(command: &str, words: &[&str], failed: &[String]) -> Option<String> {
    const BEFORE: [&str; 7] = ["uv", "poetry", "pipenv", "run", "python3", "python", "-m"];
    let at = words.iter().position(|it| *it == "pytest")?;
    let is_known =
        words[..at].iter().all(|it| BEFORE.contains(it)) && are_options(&words[at + 1..]);
    let are_tests = failed.iter().all(|it| it.contains(".py") && !it.starts_with('-'));
    (is_known && are_tests)
        .then(|| format!("{command} {}", quoted(failed.iter().map(String::as_str))))
}

/// As words of a shell. None of them holds a quote.
fn quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ")
}

/// As a regular expression that matches this and nothing else.
fn escaped(text: &str) -> String {
    let special = |c: char| r"\^$.|?*+()[]{}/".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(command: &str, failed: &[&str]) -> Option<String> {
        narrowed(command, &failed.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn each_runner_is_told_in_its_own_words() {
        for (command, failed, expected) in [
            (
                "cargo test --workspace --no-fail-fast",
                &["api (src/lib.rs) tests::adds", "tests/api.rs it_works"][..],
                "cargo test --workspace --no-fail-fast -- --exact 'tests::adds' 'it_works'",
            ),
            (
                "cargo nextest run",
                &["api tests::adds", "api::web works"],
                "cargo nextest run -E 'test(=tests::adds) + test(=works)'",
            ),
            (
                "go test ./...",
                &["example.com/api TestAdds/zero", "example.com/api TestAdds", "x/y TestB"],
                "go test -run '^(TestAdds|TestB)$' ./...",
            ),
            (
                "python3 -m pytest -v",
                &["tests/test_a.py::test_b[a-1]", "test_c.py::C::test_d"],
                "python3 -m pytest -v 'tests/test_a.py::test_b[a-1]' 'test_c.py::C::test_d'",
            ),
            ("uv run pytest", &["a/test_b.py"], "uv run pytest 'a/test_b.py'"),
            (
                "node --test",
                &["sums > adds (1+1)", "works"],
                r"node --test --test-name-pattern='adds \(1\+1\)' --test-name-pattern='works'",
            ),
            (
                "npx jest --ci",
                &["t/a.test.js sums › adds", "t/a.test.js (did not run)"],
                "npx jest --ci 't/a.test.js'",
            ),
            ("vitest run", &["t/a.test.ts > sums > adds"], "vitest run 't/a.test.ts'"),
        ] {
            assert_eq!(of(command, failed).as_deref(), Some(expected), "{command}");
        }
    }

    #[test]
    fn what_is_not_understood_is_run_in_full() {
        for (command, failed) in [
            ("make test", &["a"][..]),
            ("npm test", &["a.test.js x"]),
            ("cargo test", &[]),
            ("cargo test && ./more.sh", &["a"]),
            ("cargo test -- --skip slow", &["a"]),
            ("cargo test one", &["one"]),
            ("cargo test", &["api (doc) src/lib.rs - add"]),
            ("cd sub; pytest", &["test_a.py::b"]),
            ("pytest tests", &["tests/test_a.py::b"]),
            ("pytest", &["calc.Sums.test_two"]),
            ("pytest", &["a.py::b'; rm -rf ~; '"]),
            ("pytest", &["-p evil.py"]),
            ("go test ./...", &["x/y [build failed]"]),
            ("go test -run TestA ./...", &["x/y TestA"]),
            ("go test ./...", &["x/y Test$(id)"]),
            ("npx jest", &["something else"]),
            ("pytest", &["a.py::b\nid"]),
        ] {
            assert_eq!(of(command, failed), None, "{command} {failed:?}");
        }
        let many = (0..51).map(|n| format!("test_a.py::t{n}")).collect::<Vec<_>>();
        assert!(narrowed("pytest", &many[..50]).is_some());
        assert_eq!(narrowed("pytest", &many), None);
    }
}

//! Which paths the agent has business with, judged by name and, for a new file, by its text.

use super::ChangedFile;
use super::language::{basename, extension, mentions, stem};

const LOCKS: [&str; 18] = [
    "Cargo.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
    "deno.lock",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "Pipfile.lock",
    "Gemfile.lock",
    "composer.lock",
    "go.sum",
    "flake.lock",
    "mix.lock",
    "pubspec.lock",
];
const CACHES: [&str; 8] = [
    "__pycache__",
    "node_modules",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".venv",
    ".tox",
    ".DS_Store",
];
const COMPILED: [&str; 16] = [
    "pyc", "pyo", "class", "o", "so", "a", "obj", "dll", "dylib", "exe", "jar", "rlib", "rmeta",
    "gch", "lib", "pdb",
];
/// Whether a file is written by a package manager; `name` is without its folders.
pub(crate) fn is_lock_file(name: &str) -> bool {
    LOCKS.iter().any(|it| it.eq_ignore_ascii_case(name))
}

/// What a fence is labelled with: a weak model takes it for the file's name.
const LANGUAGES: [&str; 28] = [
    "python",
    "py",
    "javascript",
    "js",
    "typescript",
    "ts",
    "jsx",
    "tsx",
    "rust",
    "rs",
    "go",
    "golang",
    "c",
    "cpp",
    "c++",
    "java",
    "ruby",
    "bash",
    "sh",
    "shell",
    "json",
    "yaml",
    "toml",
    "html",
    "css",
    "diff",
    "text",
    "plaintext",
];
/// The files of Aider's own examples.
const EXAMPLES: [&str; 4] = ["show_greeting.py", "hello.py", "greeting.py", "filename.js"];
/// Files that may be empty.
const EMPTY: [&str; 7] =
    ["__init__.py", "__init__.pyi", ".gitkeep", ".keep", "py.typed", ".nojekyll", ".npmignore"];

/// Whether a whole word of the issue is this file, by its path or its name.
pub(super) fn is_named(issue: &str, path: &str) -> bool {
    mentions(issue, path) || mentions(issue, basename(path))
}

/// Why the agent has no business with this file, as the end of a sentence: "`x` …".
pub(super) fn out_of_bounds(issue: &str, change: &ChangedFile<'_>) -> Option<&'static str> {
    let path = change.path;
    let parts: Vec<&str> = path.split('/').collect();
    let name = basename(path);
    let begins = |prefix: &str| parts.iter().any(|part| part.starts_with(prefix));
    if begins(".aider") {
        return Some("belongs to the agent, not to the project");
    }
    // What steers the repository or its checks is not undone in silence: the gate before the push
    // stops the job for it, and a person gets to know.
    let named = is_named(issue, path);
    if !named && name == ".gitignore" {
        return Some("holds settings that the issue does not ask to change");
    }
    if !named && LOCKS.contains(&name) {
        return Some("is written by a tool, and the issue does not name it");
    }
    let target = change.old.is_none() && parts.len() > 1 && parts[0] == "target";
    let binary = change.new.is_some_and(|new| new.contains('\0'));
    let cached = parts.iter().any(|part| CACHES.contains(part));
    (target || binary || cached || COMPILED.contains(&extension(path)))
        .then_some("is made by a tool, not written")
}

/// Why a new file is no part of an answer, as the end of a sentence: "`x` …".
pub(super) fn junk(issue: &str, path: &str, new: &str) -> Option<&'static str> {
    let name = basename(path);
    if new.trim().is_empty() && !EMPTY.contains(&name) {
        return Some("is new and empty");
    }
    if is_named(issue, path) {
        return None;
    }
    if path.starts_with("path/to/") || path.contains("/path/to/") || path.starts_with("mathweb/") {
        return Some("is the name of an example, not of a file");
    }
    if EXAMPLES.contains(&name) || stem(path) == "filename" {
        return Some("is the name of an example, not of a file");
    }
    if LANGUAGES.contains(&name.to_lowercase().as_str()) {
        return Some("is the name of a language, not of a file");
    }
    let odd = |c: char| c.is_whitespace() || c.is_control() || "`*\"'<>|?:;,\\{}=".contains(c);
    if path.contains(odd) || name.ends_with('.') || path.chars().count() > 200 {
        return Some("is a piece of text, not the name of a file");
    }
    (!is_fixture(path) && is_test_output(new)).then_some("is what a test run printed")
}

/// Whether a file is what tests are fed with: any text may be meant.
pub(super) fn is_fixture(path: &str) -> bool {
    let kept = ["fixtures", "testdata", "snapshots", "__snapshots__", "golden"];
    path.split('/').any(|part| kept.contains(&part))
}

/// Whether a text begins as test runners' output does.
fn is_test_output(text: &str) -> bool {
    const BEGINNINGS: [&str; 14] = [
        "Traceback (most recent call last)",
        "=== RUN",
        "--- FAIL",
        "--- PASS",
        "not ok ",
        "TAP version",
        "test result:",
        "FAILED (",
        "Ran ",
        "FAIL: ",
        "ERROR: ",
        "==========",
        "npm ERR!",
        "AssertionError",
    ];
    let running = |line: &str| line.starts_with("running ") && line.trim_end().ends_with("tests");
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let known = |line: &str| BEGINNINGS.iter().any(|it| line.starts_with(it)) || running(line);
    let lines = text.lines().filter(|line| known(line)).count();
    first.starts_with("Traceback (most") || (known(first) && lines > 1)
}

/// Whether `path` holds tests, in any language: by the names that the test runners look for.
/// A package that is called `testing`, and papers in a folder of tests, hold none.
pub fn is_test_file(path: &str) -> bool {
    let (name, stem, extension) = (basename(path), stem(path), extension(path));
    let lower = stem.to_ascii_lowercase();
    if matches!(extension, "md" | "rst" | "lock" | "adoc") {
        return false;
    }
    let middle = [".test", ".spec", ".e2e", "-test", "-spec"];
    let by_name = match extension {
        "py" => {
            lower.starts_with("test_")
                || lower.ends_with("_test")
                || name == "conftest.py"
                || matches!(lower.as_str(), "tests" | "test")
        }
        "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" | "vue" => {
            middle.iter().any(|it| lower.ends_with(it))
                || lower.starts_with("test-")
                || matches!(lower.as_str(), "test" | "tests")
        }
        "java" | "kt" | "cs" | "php" | "scala" | "swift" | "groovy" => {
            ["Test", "Tests", "Spec", "IT", "TestCase"].iter().any(|it| stem.ends_with(it))
                && lower != "it"
        }
        "bats" | "t" => true,
        "rb" | "rs" | "go" | "c" | "h" | "cc" | "cpp" | "hpp" | "cxx" | "sh" | "bash" | "ex"
        | "exs" | "lua" | "dart" => {
            let ends = ["_test", "_tests", "_spec", "-test"].iter().any(|it| lower.ends_with(it));
            let begins = extension != "go" && lower.starts_with("test_");
            ends || begins || (extension != "go" && matches!(lower.as_str(), "tests" | "test"))
        }
        _ => false,
    };
    by_name || is_in_test_folder(path, extension)
}

fn is_in_test_folder(path: &str, extension: &str) -> bool {
    let Some((folders, _)) = path.rsplit_once('/') else { return false };
    folders.split('/').enumerate().any(|(depth, folder)| match folder {
        "tests" | "__tests__" | "__test__" | "__mocks__" | "__snapshots__" | "testdata" => true,
        // In Python `project/test/client.py` is as often a part of the product.
        "test" => depth == 0 || extension != "py",
        "spec" | "specs" | "e2e" => matches!(
            extension,
            "rb" | "js" | "jsx" | "ts" | "tsx" | "mjs" | "cjs" | "py" | "php" | "go" | "ex" | "lua"
        ),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_known_by_their_names() {
        for path in [
            "test_x.py",
            "a/x_test.go",
            "tests/run.sh",
            "src/__tests__/a.js",
            "a/x.test.ts",
            "x.spec.js",
            "tests/stats.rs",
            "conftest.py",
            "spec/a_spec.rb",
            "test/users.test.js",
            "tests/test_ring.c",
            "src/test/java/ATest.java",
            "tests/fixtures/a.json",
            "a.bats",
            "src/foo/tests.rs",
            "packages/a/test/b.js",
            "tests/__init__.py",
        ] {
            assert!(is_test_file(path), "{path}");
        }
        for path in [
            "testing/assert.py",
            "src/contest.py",
            "src/latest.js",
            "django/test/client.py",
            "spec/openapi.yaml",
            "src/testlog.rs",
            "tests/README.md",
            "src/attest.go",
            "pytest.ini",
            "src/test.go",
            "Makefile",
            "protest/a.py",
        ] {
            assert!(!is_test_file(path), "{path}");
        }
    }

    #[test]
    fn junk_is_known_by_name_or_text_unless_the_issue_asks_for_it() {
        for (path, text) in [
            ("path/to/filename.js", "x"),
            ("show_greeting.py", "print(1)"),
            ("python", "x = 1"),
            ("Here is the fixed file.py", "x"),
            ("empty.py", ""),
            ("out.txt", "running 3 tests\ntest a ... ok\ntest result: ok.\n"),
            ("trace", "\nTraceback (most recent call last):\n  File"),
        ] {
            assert!(junk("Fix it", path, text).is_some(), "{path}");
        }
        assert!(junk("Add hello.py", "hello.py", "print(1)").is_none());
        assert!(junk("", "pkg/__init__.py", "").is_none());
        assert!(junk("", "tests/fixtures/out.txt", "Traceback (most recent call last)").is_none());
    }

    #[test]
    fn some_files_are_not_the_agents_business() {
        let change = |path| ChangedFile { path, old: Some("a"), new: Some("b") };
        for path in [
            ".aider.chat.history.md",
            ".gitignore",
            "Cargo.lock",
            "web/package-lock.json",
            "a/__pycache__/b.pyc",
            "node_modules/a/b.js",
            "lib/a.o",
        ] {
            assert!(out_of_bounds("Fix it", &change(path)).is_some(), "{path}");
        }
        assert!(out_of_bounds("Update Cargo.lock", &change("Cargo.lock")).is_none());
        assert!(out_of_bounds("Add .gitignore", &change(".gitignore")).is_none());
        for path in [".github/workflows/ci.yml", ".codingworker.yml", ".gitmodules", ".env"] {
            assert!(out_of_bounds("Fix it", &change(path)).is_none(), "{path} is the gate's");
        }
        assert!(out_of_bounds("", &change("src/target/mod.rs")).is_none());
    }
}

//! The whole of it in this machine's sandbox, by `codingworker check`: brought in with the network,
//! built and tested without, by tools that are somewhere in the operator's home.

use crate::samples_real::Checkout;

use super::bringing::shell;

/// A repository whose lock file was made by its author.
async fn locked(files: &[(&str, &str)], lock: &str) -> Checkout {
    let checkout = Checkout::new(files);
    let home = tempfile::tempdir().unwrap();
    let (exit, output) = shell(lock, checkout.root(), home.path(), &[]).await;
    assert!(exit.is_success(), "{lock}: {output}");
    checkout
}

/// Green, and only because something was brought in.
async fn is_green(checkout: Checkout, says: &str) {
    let checked = checkout.check().await;
    checked.is_green("sandbox");
    assert!(checked.output.contains(says), "{}", checked.output);
    // Without the network nothing is fetched, whatever a check tries.
    checkout.write(
        ".codingworker.yml",
        "test: {command: \"! python3 -c \\\"import socket; socket.create_connection(('1.1.1.1', 53), 5)\\\"\"}\n",
    );
    checkout.check().await.is_green("sandbox");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crate_is_built_and_tested_in_the_sandbox() {
    let manifest = "[package]\nname = \"api\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nitoa = \"1\"\n";
    let lib = "#[test]\nfn seven() {\n    assert_eq!(itoa::Buffer::new().format(7), \"7\");\n}\n";
    let files = [("Cargo.toml", manifest), ("src/lib.rs", lib)];
    is_green(locked(&files, "cargo generate-lockfile").await, "test seven ... ok").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crate_without_dependencies_needs_nothing_brought() {
    let manifest = "[package]\nname = \"api\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    let files = [("Cargo.toml", manifest), ("src/lib.rs", "#[test]\nfn alone() {}\n")];
    is_green(Checkout::new(&files), "test alone ... ok").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pytest_runs_in_the_sandbox() {
    let test = "import iniconfig\n\ndef test_import():\n    assert iniconfig.IniConfig\n";
    let files = [("requirements.txt", "iniconfig==2.0.0\npytest\n"), ("tests/test_a.py", test)];
    is_green(Checkout::new(&files), "1 passed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn npm_installs_and_tests_in_the_sandbox() {
    let manifest = r#"{"name": "web", "version": "1.0.0", "dependencies": {"is-number": "7.0.0"},
        "scripts": {"test": "node --test"}}"#;
    let test = "const it = require('is-number');\n\
        require('node:test')('seven', () => require('node:assert').ok(it(7)));\n";
    let files = [("package.json", manifest), ("seven.test.js", test)];
    let lock = "npm install --package-lock-only --no-audit --no-fund";
    is_green(locked(&files, lock).await, "pass 1").await;
}

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

mod contained;

/// The plan for a repository of these files, a line each.
fn planned(files: &[(&str, &str)]) -> String {
    shown(&made(None, files, false))
}

/// The same, where there is a container engine.
fn contained(files: &[(&str, &str)]) -> String {
    shown(&made(None, files, true))
}

fn made(own: Option<&ProjectFile>, files: &[(&str, &str)], containers: bool) -> Plan {
    let texts: BTreeMap<&str, &str> = files.iter().copied().collect();
    let names: Vec<&str> = texts.keys().copied().collect();
    let read = |path: &str| texts.get(path).map(|text| (*text).to_owned());
    let (files, image, dir) = (names.as_slice(), "codingworker-api-7", "/w");
    plan(Project { own, files, read: &read, image, dir, containers })
}

fn shown(plan: &Plan) -> String {
    let mut lines = vec![plan.source.clone()];
    match &plan.place {
        Place::Host => {}
        Place::Image { name } => lines.push(format!("in {name}")),
        Place::Dockerfile { path, context } => lines.push(format!("in {path} of `{context}`")),
    }
    // What the manifests name is told where it is found.
    let own = |it: &&Preparation| matches!(&*it.name, "own" | "image" | "services");
    lines.extend(plan.preparations.iter().filter(own).map(|it| {
        format!("prepare {}{}: {}", it.name, if it.docker { " (docker)" } else { "" }, it.command)
    }));
    let docker = |step: &PlannedStep| if step.docker { " (docker)" } else { "" };
    let step = |it: &PlannedStep| format!("{}{}: {}", it.check.name(), docker(it), it.command);
    lines.extend(plan.steps.iter().map(step));
    lines.extend(plan.format.iter().map(|it| format!("format: {it}")));
    lines.join("\n")
}

#[test]
fn the_repositorys_own_file_counts_alone_and_its_two_words_are_expanded() {
    let file = ProjectFile {
        build: Some("docker build -t ${IMAGE_NAME} ${WORK_DIR}/app".into()),
        test: Some("cd ${WORK_DIR} && ls ${HOME}".into()),
        ..ProjectFile::default()
    };
    let plan = |dir| {
        let image = "codingworker-api-7";
        let files = &["Cargo.toml"];
        shown(&plan(Project { own: Some(&file), files, image, dir, ..Project::default() }))
    };
    insta::assert_snapshot!(plan("/w/7"), @r"
    .codingworker.yml
    build (docker): docker build -t codingworker-api-7 /w/7/app
    test: cd /w/7 && ls ${HOME}
    ");
    // A folder that the shell would take apart is the shell's to expand.
    assert!(plan("/w; rm -rf ~").contains("cd ${WORK_DIR} &&"));
}

#[test]
fn rust_is_built_and_tested_and_linted_only_where_it_asks_for_it() {
    insta::assert_snapshot!(planned(&[("Cargo.toml", "[package]")]), @r"
    Cargo.toml
    build: cargo build
    test: cargo test --no-fail-fast
    format: cargo fmt
    ");
    insta::assert_snapshot!(
        planned(&[("Cargo.toml", "[workspace]\n"), ("Cargo.lock", ""), ("clippy.toml", "")]), @r"
    Cargo.toml
    build: cargo build --workspace --locked
    lint: cargo clippy --workspace --locked --all-targets
    test: cargo test --workspace --locked --no-fail-fast
    format: cargo fmt
    ");
    let workflow = (".github/workflows/ci.yml", "run: cargo clippy -- -D warnings");
    assert!(planned(&[("Cargo.toml", ""), workflow]).contains("lint: cargo clippy"));
}

#[test]
fn go_has_its_own_tools() {
    insta::assert_snapshot!(planned(&[("go.mod", ""), ("Makefile", "test:\n")]), @r"
    go.mod
    build: go build ./...
    lint: go vet ./...
    test: go test ./...
    format: gofmt -w .
    ");
}

#[test]
fn a_package_is_installed_by_the_tool_of_its_lock_file_and_runs_what_it_defines() {
    let full = r#"{"dependencies": {"a": "1"}, "scripts":
        {"build": "tsc", "lint": "eslint .", "test": "vitest run", "format": "prettier --write ."}}"#;
    insta::assert_snapshot!(planned(&[("package.json", full), ("pnpm-lock.yaml", "")]), @r"
    package.json
    build: pnpm install --frozen-lockfile && pnpm run build
    lint: pnpm run lint
    test: pnpm test
    format: pnpm run format
    ");
    for (lock, install, test) in [
        ("package-lock.json", "npm ci --no-audit --no-fund", "npm test"),
        ("yarn.lock", "yarn install --frozen-lockfile", "yarn test"),
        ("bun.lock", "bun install --frozen-lockfile", "bun run test"),
        ("none", "npm install --no-audit --no-fund --no-package-lock", "npm test"),
    ] {
        let plan = planned(&[("package.json", full), (lock, "")]);
        assert!(plan.contains(&format!("build: {install} && ")), "{plan}");
        assert!(plan.contains(&format!("test: {test}\n")), "{plan}");
    }
    let plan = planned(&[("package.json", full), ("yarn.lock", ""), (".yarnrc.yml", "")]);
    assert!(plan.contains("yarn install --immutable"), "{plan}");
}

#[test]
fn a_package_without_dependencies_needs_no_install_and_npms_stand_in_is_no_test() {
    let plain = r#"{"scripts": {"test": "node --test", "format": "prettier --check ."}}"#;
    insta::assert_snapshot!(planned(&[("package.json", plain)]), @r"
    package.json
    test: npm test
    ");
    let none = r#"{"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}}"#;
    assert_eq!(planned(&[("package.json", none)]), "nothing found");
    let node = ("test/a.test.js", "import test from 'node:test'");
    assert!(planned(&[("package.json", none), node]).contains("test: node --test"));
    assert_eq!(planned(&[("package.json", "not json")]), "nothing found");
}

#[test]
fn python_without_pytest_is_tested_by_unittest_where_its_tests_lie() {
    let test = "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): pass\n";
    insta::assert_snapshot!(planned(&[("a.py", ""), ("tests/test_a.py", test)]), @r"
    tests in Python
    build: python3 -m compileall -q .
    test: python3 -m unittest discover -v -s tests
    ");
    for files in
        [&[("test_a.py", test)][..], &[("tests/__init__.py", ""), ("tests/test_a.py", test)]]
    {
        assert!(planned(files).ends_with("test: python3 -m unittest -v"));
    }
    assert!(!planned(&[("setup.py", ""), ("a.py", "")]).contains("test:"));
}

#[test]
fn python_uses_the_tools_that_it_configures() {
    let plan = planned(&[
        ("pyproject.toml", "[tool.pytest.ini_options]\n[tool.ruff]\n[tool.black]\n"),
        ("tests/test_a.py", ""),
    ]);
    insta::assert_snapshot!(plan, @r"
    pyproject.toml
    build: python3 -m compileall -q .
    lint: ruff check .
    test: python3 -m pytest -v
    format: black -q .
    ");
    for test in ["import pytest\n", "def test_a():\n    pass\n"] {
        assert!(planned(&[("tests/test_a.py", test)]).contains("python3 -m pytest"));
    }
    let plan = planned(&[("pyproject.toml", "[tool.pytest]"), ("uv.lock", ""), (".flake8", "")]);
    insta::assert_snapshot!(plan, @r"
    pyproject.toml
    build: uv sync --frozen && uv run --frozen python3 -m compileall -q .
    lint: uv run --frozen python3 -m flake8
    test: uv run --frozen python3 -m pytest -v
    ");
}

#[test]
fn a_makefile_gives_the_targets_that_it_has() {
    let makefile = "CC := gcc\n.PHONY: all test\nall lib: x.o\n\techo no: target\n\
                    lint check:: x\n\tx\ntest: all\nx.o: x.c\n$(A): b\n# build: not\nbuild:=1\n";
    insta::assert_snapshot!(planned(&[("Makefile", makefile)]), @r"
    Makefile
    build: make all
    lint: make lint
    test: make test
    ");
    insta::assert_snapshot!(planned(&[("Makefile", "check:\n\t./run\n")]), @r"
    Makefile
    test: make check
    ");
}

#[test]
fn the_first_marker_in_the_fixed_order_wins_and_one_that_yields_nothing_is_passed_over() {
    let makefile = ("Makefile", "test:\n");
    assert!(planned(&[("go.mod", ""), ("Cargo.toml", ""), makefile]).starts_with("Cargo.toml"));
    assert!(planned(&[("package.json", "{}"), makefile]).starts_with("Makefile"));
    assert_eq!(planned(&[("README.md", "# test:")]), "nothing found");
}

use std::collections::BTreeMap;

use super::*;

fn found(files: &[(&str, &str)]) -> Vec<Preparation> {
    let texts: BTreeMap<&str, &str> = files.iter().copied().collect();
    let names: Vec<&str> = texts.keys().copied().collect();
    preparations(&names, &|path| texts.get(path).map(|text| (*text).to_owned()))
}

/// What is brought in for these files: each tool, and the files that it is known by.
fn tools(files: &[(&str, &str)]) -> String {
    let line = |it: &Preparation| format!("{}: {}", it.name, it.files.join(" "));
    found(files).iter().map(line).collect::<Vec<_>>().join("; ")
}

#[track_caller]
fn only(files: &[(&str, &str)]) -> Preparation {
    let mut found = found(files);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn env(preparation: &Preparation) -> String {
    let line = |(name, value): &(String, String)| format!("{name}={value}");
    preparation.env.iter().map(line).collect::<Vec<_>>().join("\n")
}

const NODE: &str = r#"{"dependencies": {"a": "1"}}"#;
const WORKSPACE: &str = r#"{"workspaces": ["packages/*"]}"#;
const CRATE: &str = "[package]\nname = 'api'\n[dependencies]\nserde = '1'\n";
const LOCKED: &str = "[[package]]\nname = 'serde'\nsource = 'registry'\n";
const GO: &str = "module a\nrequire b v1.0.0\n";
const UV: &str = "[project]\nname = 'x'\n[build-system]\nrequires = ['hatchling>=1']\n";

#[test]
fn each_repository_is_prepared_by_the_tools_that_its_root_shows() {
    let lock = r#"{"packages": {"": {}, "packages/web": {}, "node_modules/web": {"resolved": "packages/web", "link": true},
        "node_modules/x": {"resolved": "file:lib/x.tgz"}, "packages/web/node_modules/y": {}}}"#;
    let member = "packages/web/package.json";
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[], ""),
        (&[("package.json", "{}")], ""),
        (&[("package.json", "not json"), ("package-lock.json", "{}")], ""),
        (&[("web/package.json", NODE), ("web/package-lock.json", "{}")], ""),
        (&[("package.json", NODE)], "npm: package.json"),
        (&[("package.json", NODE), (".npmrc", "")], "npm: package.json .npmrc"),
        (
            &[("package.json", NODE), ("package-lock.json", "{}")],
            "npm: package.json package-lock.json",
        ),
        (
            &[("package.json", NODE), ("package-lock.json", ""), ("npm-shrinkwrap.json", "")],
            "npm: package.json npm-shrinkwrap.json",
        ),
        (
            &[
                ("package.json", WORKSPACE),
                ("package-lock.json", lock),
                (member, "{}"),
                ("lib/x.tgz", ""),
                ("other/package.json", NODE),
            ],
            "npm: package.json package-lock.json lib/x.tgz packages/web/package.json",
        ),
        (
            &[("package.json", WORKSPACE), (member, "{}"), ("node_modules/a/package.json", "")],
            "npm: package.json packages/web/package.json",
        ),
        (
            &[("package.json", NODE), ("pnpm-lock.yaml", ""), ("patches/a.patch", "")],
            "pnpm: pnpm-lock.yaml package.json patches/a.patch",
        ),
        (
            &[
                ("package.json", "{}"),
                ("pnpm-lock.yaml", ""),
                ("pnpm-workspace.yaml", ""),
                (member, "{}"),
            ],
            "pnpm: pnpm-lock.yaml pnpm-workspace.yaml package.json",
        ),
        (
            &[("package.json", NODE), ("pnpm-lock.yaml", ""), ("package-lock.json", "{}")],
            "pnpm: pnpm-lock.yaml package.json",
        ),
        (&[("package.json", NODE), ("yarn.lock", "")], "yarn: package.json yarn.lock"),
        (
            &[("package.json", WORKSPACE), ("yarn.lock", ""), (member, "{}")],
            "yarn: package.json yarn.lock packages/web/package.json",
        ),
        (
            &[
                ("package.json", NODE),
                ("yarn.lock", ""),
                (".yarnrc.yml", "yarnPath: .yarn/releases/yarn-4.cjs\n"),
                (".yarn/releases/yarn-4.cjs", ""),
                (".yarn/cache/a.zip", ""),
            ],
            "yarn: package.json yarn.lock .yarnrc.yml .yarn/releases/yarn-4.cjs",
        ),
        (&[("package.json", NODE), ("bun.lock", "")], "bun: package.json bun.lock"),
        (&[("package.json", NODE), ("bun.lockb", "")], "bun: package.json bun.lockb"),
        (&[("Cargo.toml", CRATE), ("Cargo.lock", LOCKED)], "cargo: Cargo.lock Cargo.toml"),
        (&[("Cargo.toml", CRATE)], "cargo: Cargo.toml"),
        (&[("Cargo.toml", "[package]\nname = 'a'"), ("src/main.rs", "")], ""),
        (&[("Cargo.toml", "[package]"), ("Cargo.lock", "[[package]]\nname = 'a'")], ""),
        (
            &[
                ("Cargo.toml", "[workspace]\nmembers = ['m']"),
                ("Cargo.lock", LOCKED),
                ("m/Cargo.toml", CRATE),
                ("target/package/Cargo.toml", ""),
                (".cargo/config.toml", "[build]\nrustc-wrapper = 'evil'"),
                ("rust-toolchain.toml", ""),
            ],
            "cargo: Cargo.lock rust-toolchain.toml Cargo.toml m/Cargo.toml",
        ),
        (&[("go.mod", GO), ("go.sum", "")], "go: go.mod go.sum"),
        (&[("go.mod", "module a\n")], ""),
        (&[("go.mod", GO), ("vendor/modules.txt", "")], ""),
        (&[("go.mod", GO), ("tools/go.mod", GO)], "go: go.mod"),
        (
            &[("go.mod", "require (\n\tb v1\n)\nreplace b => ./b\n"), ("b/go.mod", "module b")],
            "go: go.mod b/go.mod",
        ),
        (
            &[
                ("go.work", "use ./a\n"),
                ("a/go.mod", GO),
                ("a/go.sum", ""),
                ("x/testdata/go.mod", ""),
            ],
            "go: go.work a/go.mod a/go.sum",
        ),
        (&[("setup.py", ""), ("a.py", "")], ""),
        (&[("requirements.txt", "a==1")], "pip: requirements.txt"),
        (
            &[("requirements.txt", "a"), ("requirements-dev.txt", "-r requirements.txt\nb")],
            "pip: requirements-dev.txt requirements.txt",
        ),
        (
            &[
                ("requirements/dev.txt", "-r base.txt\n-c ../pins.txt"),
                ("requirements/base.txt", "a"),
                ("pins.txt", ""),
            ],
            "pip: pins.txt requirements/base.txt requirements/dev.txt",
        ),
        (&[("requirements-docs.txt", "sphinx"), ("notes.txt", "")], ""),
        (&[("pyproject.toml", "[tool.black]\n")], ""),
        (&[("pyproject.toml", "[project]\ndependencies = ['a']")], "pip: pyproject.toml"),
        (&[("pyproject.toml", "[dependency-groups]\ndev = ['a']")], "pip: pyproject.toml"),
        (&[("pyproject.toml", "[project]\noptional-dependencies.docs = ['a']")], ""),
        (&[("setup.cfg", "[options]\ninstall_requires =\n    a\n")], "pip: setup.cfg"),
        (&[("pyproject.toml", UV), ("uv.lock", "")], "uv: uv.lock pyproject.toml"),
        (
            &[
                ("pyproject.toml", "[tool.uv.workspace]\nmembers = ['p/*']"),
                ("p/a/pyproject.toml", UV),
                ("uv.lock", ""),
                (".python-version", ""),
            ],
            "uv: uv.lock .python-version pyproject.toml p/a/pyproject.toml",
        ),
        (&[("pyproject.toml", ""), ("poetry.lock", "")], "poetry: pyproject.toml poetry.lock"),
        (
            &[("Cargo.toml", CRATE), ("package.json", NODE), ("requirements.txt", "a")],
            "cargo: Cargo.toml; npm: package.json; pip: requirements.txt",
        ),
    ];
    for (files, expected) in table {
        assert_eq!(tools(files), *expected, "{files:?}");
    }
}

#[test]
fn npm_fills_its_cache_and_runs_no_scripts() {
    let locked = only(&[("package.json", NODE), ("package-lock.json", "{}")]);
    insta::assert_snapshot!(locked.command, @r#"npm ci --ignore-scripts --no-audit --no-fund --cache "$DEPS_DIR/npm""#);
    insta::assert_snapshot!(env(&locked), @r"
    npm_config_cache=${DEPS_DIR}/npm
    npm_config_offline=true
    npm_config_update_notifier=false
    ");
    let free = only(&[("package.json", NODE)]);
    assert!(free.command.starts_with("npm install --no-package-lock --ignore-scripts "));
}

#[test]
fn a_manager_that_the_machine_lacks_comes_in_the_version_that_the_project_means() {
    let brings = |manifest: &str, lock: (&str, &str), more: &[(&str, &str)]| {
        let files: Vec<_> =
            [("package.json", manifest), lock].iter().chain(more).copied().collect();
        let command = only(&files).command;
        let install = command.lines().find(|line| line.contains("npm install")).unwrap().to_owned();
        let package = install.rsplit(' ').nth(4).unwrap().trim_end_matches(';').to_owned();
        (package, install.contains("command -v"))
    };
    let named = |manager: &str| {
        NODE.replace("{\"dep", &format!(r#"{{"packageManager": "{manager}", "dep"#))
    };
    let pnpm = ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n");
    let yarn = ("yarn.lock", "");
    let berry = [(".yarnrc.yml", "nodeLinker: node-modules\n")];
    let own = [(".yarnrc.yml", "yarnPath: .yarn/releases/yarn.cjs\n")];
    for (package, always, got) in [
        ("pnpm@10", true, brings(NODE, pnpm, &[])),
        ("pnpm@8", true, brings(NODE, ("pnpm-lock.yaml", "lockfileVersion: '6.0'\n"), &[])),
        ("pnpm@9.15.0", true, brings(&named("pnpm@9.15.0+sha512.ab"), pnpm, &[])),
        ("pnpm@10", true, brings(&named("pnpm@$(id)"), pnpm, &[])),
        ("yarn@1.22.22", true, brings(NODE, yarn, &[])),
        ("yarn@1.22.19", true, brings(&named("yarn@1.22.19"), yarn, &[])),
        ("@yarnpkg/cli-dist@4.5.0", false, brings(&named("yarn@4.5.0"), yarn, &berry)),
        ("@yarnpkg/cli-dist@4", false, brings(NODE, yarn, &berry)),
        ("yarn@1.22.22", true, brings(&named("yarn@4.5.0"), yarn, &own)),
    ] {
        assert_eq!(got, (package.to_owned(), always));
    }
}

#[test]
fn pnpm_yarn_and_bun_fill_their_caches_too() {
    let pnpm = only(&[("package.json", NODE), ("pnpm-lock.yaml", "")]);
    insta::assert_snapshot!(pnpm.command, @r#"
    export PATH="$DEPS_DIR/tools/bin:$PATH" COREPACK_HOME="$DEPS_DIR/corepack" COREPACK_ENABLE_DOWNLOAD_PROMPT=0
    { command -v pnpm >/dev/null 2>&1 || npm install --global --prefix "$DEPS_DIR/tools" --ignore-scripts --no-audit --no-fund --cache .npm-cache pnpm@10; } || exit 1
    export npm_config_manage_package_manager_versions=false
    pnpm fetch --store-dir "$DEPS_DIR/pnpm"
    "#);
    insta::assert_snapshot!(env(&pnpm), @r"
    npm_config_store_dir=${DEPS_DIR}/pnpm
    npm_config_offline=true
    npm_config_manage_package_manager_versions=false
    pnpm_config_store_dir=${DEPS_DIR}/pnpm
    pnpm_config_offline=true
    pnpm_config_manage_package_manager_versions=false
    PATH=${DEPS_DIR}/tools/bin:${PATH}
    COREPACK_HOME=${DEPS_DIR}/corepack
    COREPACK_ENABLE_DOWNLOAD_PROMPT=0
    COREPACK_ENABLE_NETWORK=0
    ");
    let yarn = only(&[("package.json", NODE), ("yarn.lock", "")]);
    insta::assert_snapshot!(yarn.command, @r#"
    export PATH="$DEPS_DIR/tools/bin:$PATH" COREPACK_HOME="$DEPS_DIR/corepack" COREPACK_ENABLE_DOWNLOAD_PROMPT=0
    { command -v yarn >/dev/null 2>&1 || npm install --global --prefix "$DEPS_DIR/tools" --ignore-scripts --no-audit --no-fund --cache .npm-cache yarn@1.22.22; } || exit 1
    yarn install --frozen-lockfile --ignore-scripts --non-interactive --cache-folder "$DEPS_DIR/yarn"
    "#);
    insta::assert_snapshot!(env(&yarn), @r"
    YARN_CACHE_FOLDER=${DEPS_DIR}/yarn
    npm_config_offline=true
    PATH=${DEPS_DIR}/tools/bin:${PATH}
    COREPACK_HOME=${DEPS_DIR}/corepack
    COREPACK_ENABLE_DOWNLOAD_PROMPT=0
    COREPACK_ENABLE_NETWORK=0
    ");
    let berry = only(&[("package.json", NODE), ("yarn.lock", ""), (".yarnrc.yml", "")]);
    insta::assert_snapshot!(berry.command, @r#"
    export PATH="$DEPS_DIR/tools/bin:$PATH" COREPACK_HOME="$DEPS_DIR/corepack" COREPACK_ENABLE_DOWNLOAD_PROMPT=0
    { npm install --global --prefix "$DEPS_DIR/tools" --ignore-scripts --no-audit --no-fund --cache .npm-cache @yarnpkg/cli-dist@4; } || exit 1
    export YARN_CACHE_FOLDER="$DEPS_DIR/yarn" YARN_ENABLE_GLOBAL_CACHE=false YARN_ENABLE_MIRROR=false
    YARN_ENABLE_SCRIPTS=false YARN_ENABLE_TELEMETRY=0 yarn install --immutable
    "#);
    insta::assert_snapshot!(env(&berry), @r"
    YARN_CACHE_FOLDER=${DEPS_DIR}/yarn
    YARN_ENABLE_GLOBAL_CACHE=false
    YARN_ENABLE_MIRROR=false
    YARN_ENABLE_NETWORK=false
    YARN_ENABLE_TELEMETRY=0
    PATH=${DEPS_DIR}/tools/bin:${PATH}
    COREPACK_HOME=${DEPS_DIR}/corepack
    COREPACK_ENABLE_DOWNLOAD_PROMPT=0
    COREPACK_ENABLE_NETWORK=0
    ");
    let bun = only(&[("package.json", NODE), ("bun.lock", "")]);
    insta::assert_snapshot!(bun.command, @r#"BUN_INSTALL_CACHE_DIR="$DEPS_DIR/bun" bun install --frozen-lockfile --ignore-scripts"#);
    insta::assert_snapshot!(env(&bun), @r"BUN_INSTALL_CACHE_DIR=${DEPS_DIR}/bun");
}

#[test]
fn cargo_finds_a_target_wherever_a_manifest_names_one_without_a_path() {
    let full = "[package]\nname = 'api'\ndefault-run = 'api'\n[dependencies]\na = '1'\n\
        [[bin]]\nname = 'cli'\n[[bin]]\nname = 'far'\npath = 'x/far.rs'\n[[example]]\nname = 'e'\n\
        [[test]]\nname = 't'\n[[bench]]\nname = 'b'\nharness = false\n[[bin]]\nname = '../../x'\n";
    let member = "[package]\nname = 'm'\n[[bin]]\nname = 'm'\n";
    let files = [("Cargo.toml", full), ("Cargo.lock", LOCKED), ("it's/Cargo.toml", member)];
    let cargo = only(&files);
    insta::assert_snapshot!(cargo.command, @r#"
    for file in benches/b.rs examples/e.rs 'it'\''s/src/lib.rs' 'it'\''s/src/main.rs' src/bin/cli.rs src/lib.rs src/main.rs tests/t.rs; do mkdir -p "$(dirname "$file")" && : > "$file" || exit 1; done
    CARGO_HOME="$DEPS_DIR/cargo" cargo fetch --locked
    "#);
    insta::assert_snapshot!(env(&cargo), @r"
    CARGO_HOME=${DEPS_DIR}/cargo
    CARGO_NET_OFFLINE=true
    ");
    assert!(only(&[("Cargo.toml", CRATE)]).command.ends_with("cargo fetch"));
}

#[test]
fn go_downloads_what_its_sums_vouch_for() {
    let go = only(&[("go.mod", GO), ("go.sum", "")]);
    insta::assert_snapshot!(go.command, @r#"GOMODCACHE="$DEPS_DIR/go" GOTOOLCHAIN=local go mod download"#);
    insta::assert_snapshot!(env(&go), @r"
    GOMODCACHE=${DEPS_DIR}/go
    GOPROXY=off
    GOTOOLCHAIN=local
    ");
}

#[test]
fn pip_brings_wheels_first_and_the_project_is_found_where_it_lies() {
    let pip = only(&[("requirements.txt", "a==1\n-e .\n./x.whl\n"), ("src/a/__init__.py", "")]);
    insta::assert_snapshot!(pip.command, @r#"
    sed -E '/^[[:space:]]*((-e|--editable)([[:space:]=]|$)|\.{1,2}([/[]|[[:space:]]*$))/d' requirements.txt > .cut && cat .cut > requirements.txt || exit 1
    set -- --no-input --disable-pip-version-check --no-cache-dir --target "$DEPS_DIR/python" -r requirements.txt
    "$(python3 -c 'import sys; print(sys.executable)')" -m pip install --only-binary=:all: "$@" || { rm -rf "$DEPS_DIR/python"; "$(python3 -c 'import sys; print(sys.executable)')" -m pip install --prefer-binary "$@"; }
    "#);
    insta::assert_snapshot!(env(&pip), @r"
    PATH=${DEPS_DIR}/python/bin:${PATH}
    PYTHONPATH=src:${DEPS_DIR}/python
    PIP_NO_INDEX=1
    PIP_DISABLE_PIP_VERSION_CHECK=1
    ");
    let plain = only(&[("requirements.txt", "a==1\n-e-x\n.a\n"), ("src/a/b/__init__.py", "")]);
    assert!(!plain.command.contains("sed"), "{}", plain.command);
    assert!(env(&plain).contains("PYTHONPATH=${DEPS_DIR}/python"), "{}", env(&plain));
}

/// The words that pip is told to install.
fn specs(files: &[(&str, &str)]) -> String {
    let command = only(files).command;
    let line = command.lines().find(|line| line.starts_with("set -- ")).unwrap();
    line.split_once("/python\" ").unwrap().1.to_owned()
}

#[test]
fn a_python_project_without_a_lock_file_gets_what_its_manifests_name_for_running_and_checking() {
    let modern = "[project]\nname = 'api'\ndependencies = ['requests>=2; python_version > \"3\"', '--index-url=evil']\n\
        [project.optional-dependencies]\ndev = ['api[test,lint]', 'tox']\ntest = ['pytest']\nlint = ['ruff']\n\
        docs = ['sphinx']\n[dependency-groups]\nci = [{include-group = 'all'}]\nall = ['mypy', {include-group = 'all'}]\n";
    assert_eq!(
        specs(&[("pyproject.toml", modern)]),
        "'requests>=2; python_version > \"3\"' pytest ruff tox mypy"
    );
    let poetry = "[tool.poetry.dependencies]\npython = '^3.9'\na = '^1.2'\nb = '*'\nc = {version = '>=1,<2', optional = true}\n\
        d = {git = 'x'}\ne = '1.0'\nf = '^1 || ^2'\n[tool.poetry.group.test.dependencies]\npytest = '~8'\n";
    assert_eq!(specs(&[("pyproject.toml", poetry)]), "'a>=1.2' b 'c>=1,<2' e==1.0 f 'pytest>=8'");
    let old = "[metadata]\nname = x\n[options]\ninstall_requires =\n    a>=1\n    # no\n    b\n\
        [options.extras_require]\ntest = pytest\ndocs = sphinx\n";
    assert_eq!(specs(&[("setup.cfg", old)]), "'a>=1' b pytest");
    let both = [("requirements.txt", "a --hash=sha256:1"), ("setup.cfg", old)];
    assert_eq!(specs(&both), "-r requirements.txt");
}

#[test]
fn uv_and_poetry_bring_what_their_lock_files_name() {
    let uv = only(&[("pyproject.toml", UV), ("uv.lock", "")]);
    insta::assert_snapshot!(uv.command, @r#"
    export UV_CACHE_DIR="$DEPS_DIR/uv" UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy PATH="$DEPS_DIR/python/bin:$PATH"
    command -v uv >/dev/null 2>&1 || "$(python3 -c 'import sys; print(sys.executable)')" -m pip install --no-input --no-cache-dir --disable-pip-version-check --only-binary=:all: --target "$DEPS_DIR/python" uv || exit 1
    uv sync --frozen --no-install-workspace && uv pip install --target .build editables 'hatchling>=1'
    "#);
    insta::assert_snapshot!(env(&uv), @r"
    PATH=${DEPS_DIR}/python/bin:${PATH}
    UV_CACHE_DIR=${DEPS_DIR}/uv
    UV_OFFLINE=1
    UV_PYTHON_DOWNLOADS=never
    UV_LINK_MODE=copy
    ");
    let poetry = only(&[("pyproject.toml", ""), ("poetry.lock", "")]);
    insta::assert_snapshot!(poetry.command, @r#"
    python3 -m venv --without-pip "$DEPS_DIR/venv" || exit 1
    VIRTUAL_ENV="$DEPS_DIR/venv" PATH="$DEPS_DIR/venv/bin:$PATH" POETRY_CACHE_DIR="$PWD/.cache" poetry install --no-root --no-interaction || exit 1
    for file in "$DEPS_DIR"/venv/bin/*; do
    if [ -f "$file" ] && [ ! -L "$file" ] && head -c 2 "$file" | grep -q '^#!'; then
    sed '1s|^#!.*/python[0-9.]*$|#!/usr/bin/env python3|' "$file" > .line && cat .line > "$file" || exit 1
    fi
    done
    "#);
    insta::assert_snapshot!(env(&poetry), @r"
    PATH=${DEPS_DIR}/venv/bin:${PATH}
    VIRTUAL_ENV=${DEPS_DIR}/venv
    ");
}

#[test]
fn what_a_file_says_never_becomes_more_than_a_word_of_the_command() {
    for (word, expected) in [
        ("a==1", "a==1"),
        ("a; rm -rf ~", "'a; rm -rf ~'"),
        ("it's", r"'it'\''s'"),
        ("$(id)", "'$(id)'"),
        ("", "''"),
    ] {
        assert_eq!(quoted(word), expected);
    }
    let evil = "[project]\ndependencies = [\"a'; touch /tmp/x; '\", \"b\\nc\"]";
    assert_eq!(specs(&[("pyproject.toml", evil)]), r"'a'\''; touch /tmp/x; '\'''");
}

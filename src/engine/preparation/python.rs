//! Python: by uv or Poetry where their lock files are, else by pip.
//!
//! pip's go into a folder of their own, which `PYTHONPATH` names: no environment, which would know
//! where it was made. Wheels are wanted: they are unpacked, and nothing of them runs. What exists
//! as source only has to be built, and so runs here, with the network, in the same cage; without
//! that a project with one such dependency would have no checks at all.

use toml::Value;

use super::requirements::{self, Requirements};
use super::{Preparation, Project, preparation, quoted};

/// By the interpreter itself, not by its name: where that is one of pyenv's, it wants to write down
/// in the operator's home what was installed, and fails.
const PIP: &str = "\"$(python3 -c 'import sys; print(sys.executable)')\" -m pip";

pub(super) fn prepare(project: Project<'_>) -> Option<Preparation> {
    if project.has("uv.lock") {
        return Some(uv(project));
    }
    if project.has("poetry.lock") {
        return Some(poetry(project));
    }
    pip(project, requirements::find(project))
}

fn pip(project: Project<'_>, found: Requirements) -> Option<Preparation> {
    let Requirements { roots, mut files, to_cut, mut specs, is_hashed } = found;
    if is_hashed {
        // pip wants a hash for each one or for none.
        specs.clear();
    }
    if roots.is_empty() && specs.is_empty() {
        return None;
    }
    let mut words: Vec<String> = roots.iter().map(|root| format!("-r {}", quoted(root))).collect();
    words.extend(specs.iter().map(|spec| quoted(spec)));
    // The project itself is not here, and its tests find it where it lies.
    let cut = |file: &String| {
        let file = quoted(file);
        format!(
            "sed -E {} {file} > .cut && cat .cut > {file} || exit 1\n",
            quoted(requirements::LOCAL)
        )
    };
    let cut: String = to_cut.iter().map(cut).collect();
    let command = format!(
        "{cut}set -- --no-input --disable-pip-version-check --no-cache-dir \
         --target \"$DEPS_DIR/python\" {}\n\
         {PIP} install --only-binary=:all: \"$@\" || {{ rm -rf \"$DEPS_DIR/python\"; \
         {PIP} install --prefer-binary \"$@\"; }}",
        words.join(" ")
    );
    files.extend(project.present(&["pyproject.toml", "setup.cfg"]));
    let env = [
        ("PATH", "${DEPS_DIR}/python/bin:${PATH}"),
        ("PYTHONPATH", python_path(project)),
        ("PIP_NO_INDEX", "1"),
        ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
    ];
    Some(preparation("pip", command, files, &env))
}

/// Tests of a project that keeps its packages in `src` want it installed. Being found is enough.
fn python_path(project: Project<'_>) -> &'static str {
    let is_package = |path: &&str| {
        path.strip_prefix("src/")
            .is_some_and(|it| it.ends_with("/__init__.py") && it.matches('/').count() == 1)
    };
    match project.files.iter().any(is_package) {
        true => "src:${DEPS_DIR}/python",
        false => "${DEPS_DIR}/python",
    }
}

/// uv's cache moves as it is. The project's own build tools are in no lock file.
fn uv(project: Project<'_>) -> Preparation {
    let root = project.toml("pyproject.toml");
    let is_workspace = root.get("tool").and_then(|it| it.get("uv")?.get("workspace")).is_some();
    let manifests = match is_workspace {
        true => project.all_named("pyproject.toml"),
        false => project.present(&["pyproject.toml"]),
    };
    let mut build: Vec<String> = Vec::new();
    for path in &manifests {
        let manifest = project.toml(path);
        let requires = manifest.get("build-system").and_then(|it| it.get("requires")?.as_array());
        let requires = requires.into_iter().flatten().filter_map(Value::as_str);
        build.extend(requires.filter(|it| requirements::is_name(it)).map(str::to_owned));
    }
    // It asks for this one only when it is about to install a project in place.
    if build.iter().any(|it| it.starts_with("hatchling")) {
        build.push("editables".to_owned());
    }
    build.sort();
    build.dedup();
    let mut command = format!(
        "export UV_CACHE_DIR=\"$DEPS_DIR/uv\" UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy \
         PATH=\"$DEPS_DIR/python/bin:$PATH\"\n\
         command -v uv >/dev/null 2>&1 || {PIP} install --no-input --no-cache-dir \
         --disable-pip-version-check --only-binary=:all: --target \"$DEPS_DIR/python\" uv || exit 1\n\
         uv sync --frozen --no-install-workspace",
    );
    if !build.is_empty() {
        let words: Vec<String> = build.iter().map(|it| quoted(it)).collect();
        command.push_str(&format!(" && uv pip install --target .build {}", words.join(" ")));
    }
    let mut files = project.present(&["uv.lock", "uv.toml", ".python-version"]);
    files.extend(manifests);
    let env = [
        ("PATH", "${DEPS_DIR}/python/bin:${PATH}"),
        ("UV_CACHE_DIR", "${DEPS_DIR}/uv"),
        ("UV_OFFLINE", "1"),
        ("UV_PYTHON_DOWNLOADS", "never"),
        ("UV_LINK_MODE", "copy"),
    ];
    preparation("uv", command, files, &env)
}

/// Poetry has no offline mode: it asks the index even for what it has. Where all is installed it
/// asks nothing. So an environment is brought, whose programs find their Python by the `PATH`
/// instead of by the place where they were made.
fn poetry(project: Project<'_>) -> Preparation {
    let command = "python3 -m venv --without-pip \"$DEPS_DIR/venv\" || exit 1\n\
        VIRTUAL_ENV=\"$DEPS_DIR/venv\" PATH=\"$DEPS_DIR/venv/bin:$PATH\" \
        POETRY_CACHE_DIR=\"$PWD/.cache\" poetry install --no-root --no-interaction || exit 1\n\
        for file in \"$DEPS_DIR\"/venv/bin/*; do\n\
        if [ -f \"$file\" ] && [ ! -L \"$file\" ] && head -c 2 \"$file\" | grep -q '^#!'; then\n\
        sed '1s|^#!.*/python[0-9.]*$|#!/usr/bin/env python3|' \"$file\" > .line && \
        cat .line > \"$file\" || exit 1\nfi\ndone"
        .to_owned();
    let files = project.present(&["pyproject.toml", "poetry.lock", "poetry.toml"]);
    let env = [("PATH", "${DEPS_DIR}/venv/bin:${PATH}"), ("VIRTUAL_ENV", "${DEPS_DIR}/venv")];
    preparation("poetry", command, files, &env)
}

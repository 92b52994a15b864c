//! Cargo: the registry and git sources that the lock file names, in a Cargo home of their own.
//!
//! `cargo fetch` reads every manifest of the workspace, and reads none whose targets are not there.
//! So empty ones are put where the manifests say, and the key does not change with the sources. The
//! repository's own `.cargo/config.toml` stays out: it can name programs to run.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::{Preparation, Project, preparation, quoted};

pub(super) fn prepare(project: Project<'_>) -> Option<Preparation> {
    if !project.has("Cargo.toml") {
        return None;
    }
    let manifests = project.all_named("Cargo.toml");
    let is_locked = project.has("Cargo.lock");
    let depends = match is_locked {
        true => project.text("Cargo.lock").lines().any(|line| line.starts_with("source = ")),
        false => manifests.iter().any(|path| project.text(path).contains("dependencies")),
    };
    if !depends {
        return None;
    }
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    for path in &manifests {
        let folder = path.strip_suffix("Cargo.toml").unwrap_or_default();
        let found = targets(&project.toml(path));
        wanted.extend(found.into_iter().map(|target| format!("{folder}{target}")));
    }
    let wanted: Vec<String> = wanted.iter().map(|path| quoted(path)).collect();
    let locked = if is_locked { " --locked" } else { "" };
    let command = format!(
        "for file in {}; do mkdir -p \"$(dirname \"$file\")\" && : > \"$file\" || exit 1; done\n\
         CARGO_HOME=\"$DEPS_DIR/cargo\" cargo fetch{locked}",
        wanted.join(" ")
    );
    let mut files = project.present(&["Cargo.lock", "rust-toolchain", "rust-toolchain.toml"]);
    files.extend(manifests);
    let env = [("CARGO_HOME", "${DEPS_DIR}/cargo"), ("CARGO_NET_OFFLINE", "true")];
    Some(preparation("cargo", command, files, &env))
}

/// The files without which Cargo refuses the manifest, from its folder.
fn targets(manifest: &Table) -> Vec<String> {
    let Some(package) = manifest.get("package").and_then(Value::as_table) else {
        return Vec::new();
    };
    let text = |table: &Table, key: &str| table.get(key)?.as_str().map(str::to_owned);
    let name = text(package, "name").unwrap_or_default();
    // A binary that is called like its package may be in either place, but not in both.
    let binary = |bin: &str| match bin == name {
        true => "src/main.rs".to_owned(),
        false => format!("src/bin/{bin}.rs"),
    };
    let mut found = vec!["src/lib.rs".to_owned()];
    for (kind, folder) in
        [("bin", ""), ("example", "examples"), ("test", "tests"), ("bench", "benches")]
    {
        let tables = manifest.get(kind).and_then(Value::as_array).into_iter().flatten();
        for table in tables.filter_map(Value::as_table).filter(|it| !it.contains_key("path")) {
            let Some(target) = text(table, "name").filter(|it| is_plain(it)) else { continue };
            found.push(match folder {
                "" => binary(&target),
                folder => format!("{folder}/{target}.rs"),
            });
        }
    }
    let declared = |bin: &str| {
        let bins = manifest.get("bin").and_then(Value::as_array).into_iter().flatten();
        bins.filter_map(Value::as_table).any(|it| text(it, "name").as_deref() == Some(bin))
    };
    let default = text(package, "default-run").filter(|it| is_plain(it) && !declared(it));
    found.extend(default.map(|bin| binary(&bin)));
    found
}

/// Leads nowhere.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
}

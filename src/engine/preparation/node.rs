//! npm, pnpm, Yarn and Bun: what the lock file names, in the cache that the tool itself looks into.
//!
//! The settings that lie beside the manifest go along (`.npmrc`, `.yarnrc.yml`): they say where
//! packages come from, and `npm ci` refuses a lock file that was made under other ones.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Preparation, Project, manager, preparation};

pub(super) fn prepare(project: Project<'_>) -> Option<Preparation> {
    let manifest = project.json("package.json");
    let kinds = ["dependencies", "devDependencies", "optionalDependencies"];
    let depends =
        kinds.iter().any(|kind| manifest[kind].as_object().is_some_and(|it| !it.is_empty()));
    // A workspace's members may have dependencies though its root has none.
    let is_workspace = !manifest["workspaces"].is_null() || project.has("pnpm-workspace.yaml");
    if !manifest.is_object() || !(depends || is_workspace) {
        return None;
    }
    // In the order in which the plan looks for them.
    if project.has("pnpm-lock.yaml") {
        return Some(pnpm(project, &manifest));
    }
    if project.has("yarn.lock") {
        return Some(if project.has(".yarnrc.yml") {
            berry(project, &manifest)
        } else {
            yarn(project, &manifest)
        });
    }
    if project.has("bun.lock") || project.has("bun.lockb") {
        return Some(bun(project, &manifest));
    }
    Some(npm(project, &manifest))
}

fn npm(project: Project<'_>, manifest: &Value) -> Preparation {
    // Where there are both, npm reads the shrinkwrap alone.
    let lock = ["npm-shrinkwrap.json", "package-lock.json"].into_iter().find(|it| project.has(it));
    let install = match lock {
        Some(_) => "npm ci",
        None => "npm install --no-package-lock",
    };
    let command =
        format!("{install} --ignore-scripts --no-audit --no-fund --cache \"$DEPS_DIR/npm\"");
    let mut files = project.present(&["package.json", ".npmrc"]);
    files.extend(lock.map(str::to_owned));
    match lock.map(|lock| project.json(lock)) {
        Some(lock) => files.extend(local(project, &lock)),
        None if !manifest["workspaces"].is_null() => {
            files.extend(project.all_named("package.json"))
        }
        None => {}
    }
    let env = [
        ("npm_config_cache", "${DEPS_DIR}/npm"),
        ("npm_config_offline", "true"),
        ("npm_config_update_notifier", "false"),
    ];
    preparation("npm", command, files, &env)
}

/// What a lock file takes from the repository itself: members of the workspace, and archives.
fn local(project: Project<'_>, lock: &Value) -> Vec<String> {
    let mut found = BTreeSet::new();
    for (folder, package) in lock["packages"].as_object().into_iter().flatten() {
        if !folder.is_empty() && !folder.split('/').any(|part| part == "node_modules") {
            found.insert(format!("{folder}/package.json"));
        }
        let archive = package["resolved"].as_str().and_then(|it| it.strip_prefix("file:"));
        found.extend(archive.map(|it| it.trim_start_matches("./").to_owned()));
    }
    found.into_iter().filter(|path| project.has(path)).collect()
}

/// `pnpm fetch` reads the lock file alone; the settings say which packages are patched.
fn pnpm(project: Project<'_>, manifest: &Value) -> Preparation {
    let lock = project.text("pnpm-lock.yaml");
    let version = manager::version(manifest, "pnpm").unwrap_or_else(|| {
        let format = lock.lines().find_map(|line| line.strip_prefix("lockfileVersion:"));
        let format = format.unwrap_or_default().trim().trim_matches(['\'', '"']);
        // What wrote the format first reads it best.
        match format.split('.').next().unwrap_or_default() {
            "5" => "7",
            "6" => "8",
            _ => "10",
        }
        .to_owned()
    });
    let command = format!(
        "{}export npm_config_manage_package_manager_versions=false\n\
         pnpm fetch --store-dir \"$DEPS_DIR/pnpm\"",
        manager::present("pnpm", &format!("pnpm@{version}"), false)
    );
    let mut files =
        project.present(&["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json", ".npmrc"]);
    files.extend(project.present(&[".pnpmfile.cjs"]));
    files.extend(below(project, "patches/"));
    let mut env = vec![
        ("npm_config_store_dir", "${DEPS_DIR}/pnpm"),
        ("npm_config_offline", "true"),
        ("npm_config_manage_package_manager_versions", "false"),
        // From version 11 on it reads its own names only.
        ("pnpm_config_store_dir", "${DEPS_DIR}/pnpm"),
        ("pnpm_config_offline", "true"),
        ("pnpm_config_manage_package_manager_versions", "false"),
    ];
    env.extend(manager::ENV);
    preparation("pnpm", command, files, &env)
}

fn yarn(project: Project<'_>, manifest: &Value) -> Preparation {
    let version = manager::version(manifest, "yarn").unwrap_or_else(|| "1.22.22".to_owned());
    let command = format!(
        "{}yarn install --frozen-lockfile --ignore-scripts --non-interactive \
         --cache-folder \"$DEPS_DIR/yarn\"",
        manager::present("yarn", &format!("yarn@{version}"), false)
    );
    let mut files = project.present(&["package.json", "yarn.lock", ".yarnrc", ".npmrc"]);
    files.extend(members(project, manifest));
    let mut env = vec![("YARN_CACHE_FOLDER", "${DEPS_DIR}/yarn"), ("npm_config_offline", "true")];
    env.extend(manager::ENV);
    preparation("yarn", command, files, &env)
}

/// Yarn 2 and later, which is often a file of the repository (`yarnPath`).
fn berry(project: Project<'_>, manifest: &Value) -> Preparation {
    let settings = project.text(".yarnrc.yml");
    let own = settings.lines().any(|line| line.starts_with("yarnPath:"));
    let present = match manager::version(manifest, "yarn") {
        _ if own => manager::present("yarn", "yarn@1.22.22", false),
        version => {
            // A `yarn` that is there may be the old one, and would refuse.
            let version = version.unwrap_or_else(|| "4".to_owned());
            manager::present("yarn", &format!("@yarnpkg/cli-dist@{version}"), true)
        }
    };
    let command = format!(
        "{present}export YARN_CACHE_FOLDER=\"$DEPS_DIR/yarn\" YARN_ENABLE_GLOBAL_CACHE=false \
         YARN_ENABLE_MIRROR=false\n\
         YARN_ENABLE_SCRIPTS=false YARN_ENABLE_TELEMETRY=0 yarn install --immutable"
    );
    let mut files = project.present(&["package.json", "yarn.lock", ".yarnrc.yml", ".npmrc"]);
    files.extend(
        [".yarn/releases/", ".yarn/plugins/", ".yarn/patches/"]
            .iter()
            .flat_map(|it| below(project, it)),
    );
    files.extend(members(project, manifest));
    let mut env = vec![
        ("YARN_CACHE_FOLDER", "${DEPS_DIR}/yarn"),
        ("YARN_ENABLE_GLOBAL_CACHE", "false"),
        ("YARN_ENABLE_MIRROR", "false"),
        ("YARN_ENABLE_NETWORK", "false"),
        ("YARN_ENABLE_TELEMETRY", "0"),
    ];
    env.extend(manager::ENV);
    preparation("yarn", command, files, &env)
}

fn bun(project: Project<'_>, manifest: &Value) -> Preparation {
    let command = "BUN_INSTALL_CACHE_DIR=\"$DEPS_DIR/bun\" \
                   bun install --frozen-lockfile --ignore-scripts"
        .to_owned();
    let mut files =
        project.present(&["package.json", "bun.lock", "bun.lockb", "bunfig.toml", ".npmrc"]);
    files.extend(below(project, "patches/"));
    files.extend(members(project, manifest));
    preparation("bun", command, files, &[("BUN_INSTALL_CACHE_DIR", "${DEPS_DIR}/bun")])
}

/// The manifests of a workspace. All there are, rather than those that its patterns mean: one too
/// many costs nothing but a change of the key.
fn members(project: Project<'_>, manifest: &Value) -> Vec<String> {
    if manifest["workspaces"].is_null() { Vec::new() } else { project.all_named("package.json") }
}

fn below(project: Project<'_>, folder: &str) -> Vec<String> {
    let inside = project.files.iter().filter(|path| path.starts_with(folder));
    inside.take(super::MANIFESTS).map(|path| (*path).to_owned()).collect()
}

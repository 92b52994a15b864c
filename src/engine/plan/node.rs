//! `package.json`, and the tool whose lock file lies beside it.

use serde_json::Value;

use super::{Found, Project};

/// The lock files, and how each one's tool installs exactly what is in it.
const TOOLS: [(&str, &str, &str); 6] = [
    ("pnpm-lock.yaml", "pnpm", "pnpm install --frozen-lockfile"),
    ("yarn.lock", "yarn", "yarn install --frozen-lockfile"),
    ("bun.lock", "bun", "bun install --frozen-lockfile"),
    ("bun.lockb", "bun", "bun install --frozen-lockfile"),
    ("package-lock.json", "npm", "npm ci --no-audit --no-fund"),
    ("npm-shrinkwrap.json", "npm", "npm ci --no-audit --no-fund"),
];

pub(super) fn detect(project: Project<'_>) -> Option<(&'static str, Found)> {
    let manifest = project.has("package.json").then(|| project.text("package.json"))?;
    let manifest: Value = serde_json::from_str(&manifest).ok()?;
    let (tool, install) = match TOOLS.iter().find(|(lock, ..)| project.has(lock)) {
        // Yarn 2 and later read this file, and know the old option no more.
        Some((_, "yarn", _)) if project.has(".yarnrc.yml") => ("yarn", "yarn install --immutable"),
        Some((_, tool, install)) => (*tool, *install),
        None => ("npm", "npm install --no-audit --no-fund --no-package-lock"),
    };
    let script = |name: &str| manifest["scripts"][name].as_str().filter(|it| !it.trim().is_empty());
    let run = |name: &str| script(name).map(|_| format!("{tool} run {name}"));
    // A workspace's members may have dependencies though its root has none.
    let depends = ["dependencies", "devDependencies", "optionalDependencies"]
        .iter()
        .any(|kind| manifest[kind].as_object().is_some_and(|it| !it.is_empty()))
        || !manifest["workspaces"].is_null();
    let install = depends.then(|| install.to_owned());
    let steps: Vec<String> = [install, run("build")].into_iter().flatten().collect();
    let test = script("test").filter(|line| !line.contains("no test specified"));
    let found = Found {
        build: (!steps.is_empty()).then(|| steps.join(" && ")),
        lint: run("lint"),
        test: match test {
            Some(_) if tool == "bun" => Some("bun run test".to_owned()),
            Some(_) => Some(format!("{tool} test")),
            None => uses_node_test(project).then(|| "node --test".to_owned()),
        },
        // One that only looks mends nothing.
        format: script("format").filter(|line| !line.contains("check")).and(run("format")),
    };
    Some(("package.json", found))
}

fn uses_node_test(project: Project<'_>) -> bool {
    let is_test = |path: &&&str| {
        !path.contains("node_modules/")
            && [".test.js", ".test.mjs", ".test.cjs"].iter().any(|end| path.ends_with(end))
    };
    let mut tests = project.files.iter().filter(is_test).take(20);
    tests.any(|path| project.text(path).contains("node:test"))
}

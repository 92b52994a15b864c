//! The package managers that do not come with Node: which version a project means, and how it gets
//! there where the machine or the image has none.

use serde_json::Value;

use super::quoted;

/// For the checks: the manager that was brought, and corepack's where that is in use.
pub(super) const ENV: [(&str, &str); 4] = [
    ("PATH", "${DEPS_DIR}/tools/bin:${PATH}"),
    ("COREPACK_HOME", "${DEPS_DIR}/corepack"),
    ("COREPACK_ENABLE_DOWNLOAD_PROMPT", "0"),
    ("COREPACK_ENABLE_NETWORK", "0"),
];

/// The version in `"packageManager": "pnpm@9.15.0+sha512…"`, if it is this manager's.
pub(super) fn version(manifest: &Value, manager: &str) -> Option<String> {
    let version = manifest["packageManager"].as_str()?.strip_prefix(manager)?.strip_prefix('@')?;
    let version = version.split('+').next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    (version.starts_with(|c: char| c.is_ascii_digit()) && version.chars().all(plain))
        .then(|| version.to_owned())
}

/// Shell lines after which `program` is on the `PATH`: the machine's own, or `package` from the
/// registry, brought along for the checks. `always`: whatever the machine has, it is not this one.
pub(super) fn present(program: &str, package: &str, always: bool) -> String {
    let install = format!(
        "npm install --global --prefix \"$DEPS_DIR/tools\" --ignore-scripts --no-audit --no-fund \
         --cache .npm-cache {}",
        quoted(package)
    );
    let install = match always {
        true => install,
        false => format!("command -v {program} >/dev/null 2>&1 || {install}"),
    };
    format!(
        "export PATH=\"$DEPS_DIR/tools/bin:$PATH\" COREPACK_HOME=\"$DEPS_DIR/corepack\" \
         COREPACK_ENABLE_DOWNLOAD_PROMPT=0\n{{ {install}; }} || exit 1\n"
    )
}

//! Go: the modules that `go.sum` vouches for.

use super::{Preparation, Project, preparation};

pub(super) fn prepare(project: Project<'_>) -> Option<Preparation> {
    let is_workspace = project.has("go.work");
    // What is vendored is there already, and the Go tools look nowhere else.
    if !(project.has("go.mod") || is_workspace) || project.has("vendor/modules.txt") {
        return None;
    }
    let mut files = project.present(&["go.mod", "go.sum", "go.work", "go.work.sum"]);
    // A module beside the root's is part of it by `use`, or by a replacement.
    let is_local = |line: &str| line.contains("=> ./") || line.contains("=> ../");
    if is_workspace || project.text("go.mod").lines().any(is_local) {
        files.extend(project.all_named("go.mod"));
        files.extend(project.all_named("go.sum"));
    }
    let depends = |path: &String| {
        path.ends_with("go.mod")
            && project.text(path).lines().any(|line| line.trim_start().starts_with("require"))
    };
    if !files.iter().any(depends) {
        return None;
    }
    let command = "GOMODCACHE=\"$DEPS_DIR/go\" GOTOOLCHAIN=local go mod download".to_owned();
    let env = [("GOMODCACHE", "${DEPS_DIR}/go"), ("GOPROXY", "off"), ("GOTOOLCHAIN", "local")];
    Some(preparation("go", command, files, &env))
}

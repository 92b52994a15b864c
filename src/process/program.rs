//! Where the program of a child is.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use super::Spec;

/// What a program that is looked up without a `PATH` is looked up in.
const DEFAULT_PATH: &str = "/usr/bin:/bin";

impl Spec {
    /// Where the program is; `None` when there is none that may be run.
    pub(crate) fn found(&self) -> Option<PathBuf> {
        let path = self.env.iter().rev().find(|(name, _)| name == "PATH");
        let path: &OsStr = path.map_or(DEFAULT_PATH.as_ref(), |(_, value)| value);
        find(&self.program, path, &self.cwd)
    }
}

/// The file of this name that may be run: the first in the folders of `path` for a bare name. What
/// is relative is so to `cwd`.
pub(crate) fn find(name: &OsStr, path: &OsStr, cwd: &Path) -> Option<PathBuf> {
    let runs = |it: &PathBuf| it.is_file() && access(it, AccessFlags::X_OK).is_ok();
    match Path::new(name).components().count() {
        0 => None,
        1 => std::env::split_paths(path).map(|folder| cwd.join(folder).join(name)).find(runs),
        _ => Some(cwd.join(name)).filter(runs),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_first_file_that_may_be_run_is_found_and_a_path_is_none_to_look_up() {
        let dir = tempfile::tempdir().unwrap();
        for (file, mode) in [("one/it", 0o644), ("two/it", 0o755), ("three/it", 0o755)] {
            let file = dir.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, "#!/bin/sh\n").unwrap();
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        }
        fs::create_dir_all(dir.path().join("one/two")).unwrap();
        let found = |name: &str, path: &str| find(name.as_ref(), path.as_ref(), dir.path());
        let file = |name: &str| Some(dir.path().join(name));
        assert_eq!(found("it", "one:/nowhere:two:three"), file("two/it"));
        assert_eq!(found("it", &format!("{}/three:two", dir.path().display())), file("three/it"));
        assert_eq!(found("three/it", "two"), file("three/it"));
        for (name, path) in
            [("it", "one"), ("two", "one"), ("one/it", "two"), ("it", ""), ("", "two")]
        {
            assert_eq!(found(name, path), None, "{name:?} in {path:?}");
        }
    }
}

//! The files of a repository, as far as they are looked at.

use crate::engine::guard::is_lock_file;

/// Files longer than this are data or generated.
const MAX_FILE: usize = 256 * 1024;

/// One file of the repository, from its root, with `/`.
#[derive(Clone, Copy, Debug)]
pub struct SourceFile<'a> {
    /// From the repository's root.
    pub path: &'a str,
    /// Its content.
    pub text: &'a str,
}

/// Whether a file is code, or prose and data about it.
pub fn is_code(path: &str) -> bool {
    const CODE: [&str; 44] = [
        "py", "js", "mjs", "cjs", "jsx", "ts", "tsx", "mts", "cts", "vue", "svelte", "rs", "go",
        "c", "h", "cc", "cpp", "cxx", "hpp", "hh", "java", "kt", "kts", "swift", "m", "rb", "php",
        "sh", "bash", "zsh", "cs", "fs", "scala", "ex", "exs", "erl", "hs", "lua", "pl", "r", "jl",
        "zig", "sql", "html",
    ];
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => {
            CODE.contains(&extension.to_lowercase().as_str()) || extension == "css"
        }
        _ => false,
    }
}

/// Whether the file reads options of a command line.
pub(in crate::engine) fn takes_options(text: &str) -> bool {
    const SIGNS: [&str; 11] = [
        "argparse",
        "add_argument",
        "getopt",
        "parseArgs",
        "process.argv",
        "sys.argv",
        "env::args",
        "clap",
        "flag.Parse",
        "optparse",
        "in \"$@\"",
    ];
    SIGNS.iter().any(|it| text.contains(it))
}

/// Whether a file could be of use at all: no lock file, nothing vendored, generated or binary.
pub(in crate::engine) fn is_useful(file: &SourceFile<'_>) -> bool {
    const FOLDERS: [&str; 14] = [
        "node_modules",
        "vendor",
        "third_party",
        "dist",
        "build",
        "target",
        ".git",
        ".github",
        "__pycache__",
        ".venv",
        "venv",
        "coverage",
        "__snapshots__",
        ".next",
    ];
    let lowered = file.path.to_lowercase();
    let name = lowered.rsplit('/').next().unwrap_or(&lowered);
    let mut folders = lowered.split('/').rev().skip(1);
    let generated = file.text.lines().take(5).any(|line| {
        line.contains("DO NOT EDIT") || line.contains("@generated") || line.contains("do not edit")
    });
    let long_lines = file.text.len() > 20_000 && file.text.lines().any(|it| it.len() > 5_000);
    !is_lock_file(name)
        && !folders.any(|it| FOLDERS.contains(&it))
        && !name.contains(".min.")
        && !name.starts_with(".env")
        && !name.starts_with(".aider")
        && !file.text.contains('\0')
        && file.text.len() <= MAX_FILE
        && !generated
        && !long_lines
}

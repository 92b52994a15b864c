//! `cargo test` and `cargo nextest`.

use super::Names;

pub(super) fn read(output: &str, names: &mut Names) {
    if output.lines().any(|line| line.trim_start().starts_with("Nextest run ID")) {
        nextest(output, names);
    } else if output.contains("test result: ") || output.contains("\nrunning ") {
        cargo(output, names);
    }
}

/// Names begin with the binary: equal names in two binaries are two tests.
fn cargo(output: &str, names: &mut Names) {
    let mut binary = String::new();
    let mut seen: Vec<String> = Vec::new();
    let mut in_failures = false;
    for line in output.lines() {
        if let Some(next) = binary_of(line) {
            // Two packages of a workspace may both have a `tests/api.rs`.
            let times = seen.iter().filter(|it| **it == next).count();
            binary = if times == 0 { next.clone() } else { format!("{next} #{}", times + 1) };
            seen.push(next);
        }
        if let Some((name, result)) =
            line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... "))
        {
            let passed = result.trim() == "ok";
            if passed || result.trim().starts_with("FAILED") {
                names.add(passed, full(&binary, name));
            }
        }
        // `-q` names the failures alone, in a list at the end.
        match line {
            "failures:" => in_failures = true,
            _ if in_failures && is_listed(line) => names.add(false, full(&binary, line.trim())),
            _ if line.starts_with("---- ") || line.starts_with("test result: ") => {
                in_failures = false;
            }
            _ => {}
        }
    }
}

/// `    tests::it_fails`, `    src/lib.rs - add (line 3)`
fn is_listed(line: &str) -> bool {
    line.strip_prefix("    ")
        .is_some_and(|name| !name.starts_with(' ') && (!name.contains(' ') || name.contains(" - ")))
}

/// `Running unittests src/lib.rs (target/debug/deps/api-0f3a)`, `Doc-tests api`.
fn binary_of(line: &str) -> Option<String> {
    let line = line.trim_start();
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{} (doc)", name.trim()));
    }
    let (path, file) = line.strip_prefix("Running ")?.strip_suffix(')')?.split_once(" (")?;
    let Some(path) = path.strip_prefix("unittests ") else { return Some(path.to_owned()) };
    let stem = file.rsplit('/').next()?.rsplit_once('-')?.0;
    Some(format!("{stem} ({path})"))
}

/// Doc tests are named by their line, which moves with every edit above it.
fn full(binary: &str, name: &str) -> String {
    let name = name.strip_suffix(" - should panic").unwrap_or(name);
    let name = match name.rsplit_once(" (line ") {
        Some((name, rest)) if rest.contains(')') => name,
        _ => name,
    };
    if binary.is_empty() { name.to_owned() } else { format!("{binary} {name}") }
}

/// `PASS [   0.009s] (1/5) api tests::it_works`
fn nextest(output: &str, names: &mut Names) {
    for line in output.lines() {
        let Some((word, rest)) = line.trim_start().split_once(" [") else { continue };
        let Some((time, rest)) = rest.split_once("] ") else { continue };
        if !time.trim().trim_start_matches('>').ends_with('s') {
            continue;
        }
        let rest = rest.trim_start();
        let name = match rest.strip_prefix('(').and_then(|rest| rest.split_once(") ")) {
            Some((_, name)) => name,
            None => rest,
        };
        match word {
            "PASS" | "LEAK" => names.add(true, name.trim()),
            "FAIL" | "TIMEOUT" | "ABORT" | "LEAK-FAIL" => names.add(false, name.trim()),
            _ if word.starts_with("SIG") => names.add(false, name.trim()),
            _ => {}
        }
    }
}

//! jest and vitest.

use super::{Names, indent, without_duration};

pub(super) fn read(output: &str, names: &mut Names) {
    if output.contains("Test Suites: ") {
        jest(output, names);
    }
    if output.contains("Test Files ") {
        vitest(output, names);
    }
}

/// After `PASS path` or `FAIL path` an indented tree, if the reporter is the verbose one; then
/// each failure under a bullet.
fn jest(output: &str, names: &mut Names) {
    let mut file = "";
    let mut in_tree = false;
    let mut groups: Vec<(usize, &str)> = Vec::new();
    for line in output.lines() {
        let header = line.strip_prefix("PASS ").or_else(|| line.strip_prefix("FAIL "));
        if let Some(path) = header {
            file = without_duration(path.trim());
            in_tree = true;
            groups.clear();
            continue;
        }
        let text = line.trim();
        if let Some(failed) = line.strip_prefix("  ● ") {
            in_tree = false;
            match failed.trim() {
                "Console" => {}
                "Test suite failed to run" => names.add(false, format!("{file} (did not run)")),
                name if !file.is_empty() => names.add(false, format!("{file} {name}")),
                _ => {}
            }
            continue;
        }
        if !in_tree || text.is_empty() || indent(line) < 2 {
            in_tree = false;
            continue;
        }
        groups.retain(|(depth, _)| *depth < indent(line));
        let Some((mark, name)) = text.split_once(' ') else {
            groups.push((indent(line), text));
            continue;
        };
        match mark {
            "✓" | "✕" | "√" | "×" => {
                let above = groups.iter().map(|(_, name)| format!("{name} › ")).collect::<String>();
                let passed = mark == "✓" || mark == "√";
                names.add(passed, format!("{file} {above}{}", without_duration(name)));
            }
            "○" | "✎" => {}
            _ => groups.push((indent(line), text)),
        }
    }
}

/// Failures have a line with the whole name; what passed has one with the verbose reporter.
fn vitest(output: &str, names: &mut Names) {
    for line in output.lines() {
        if let Some(failed) = line.trim_start().strip_prefix("FAIL  ") {
            match failed.split_once(" [ ") {
                Some((file, _)) => names.add(false, format!("{} (did not run)", file.trim())),
                None => names.add(false, failed.trim()),
            }
        } else if let Some(name) = line.strip_prefix(" ✓ ")
            && name.contains(" > ")
        {
            names.add(true, without_duration(name));
        }
    }
}

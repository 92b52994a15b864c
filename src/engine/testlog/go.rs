//! `go test`, plain, `-v` and `-json`.

use serde_json::Value;

use super::Names;

pub(super) fn read(output: &str, names: &mut Names) {
    // A package is named after its tests.
    let mut waiting: Vec<(bool, &str)> = Vec::new();
    for line in output.lines() {
        if line.starts_with("{\"") {
            json(line, names);
            continue;
        }
        let trimmed = line.trim_start();
        for (mark, passed) in [("--- PASS: ", true), ("--- FAIL: ", false)] {
            if let Some((name, _)) =
                trimmed.strip_prefix(mark).and_then(|rest| rest.rsplit_once(" ("))
            {
                waiting.push((passed, name));
            }
        }
        let Some(package) = line.strip_prefix("ok  \t").or_else(|| line.strip_prefix("FAIL\t"))
        else {
            continue;
        };
        let package = package.trim();
        let name = package.split(['\t', ' ']).next().unwrap_or(package);
        for (passed, test) in waiting.drain(..) {
            names.add(passed, format!("{name} {test}"));
        }
        if package.ends_with("[build failed]") || package.ends_with("[setup failed]") {
            names.add(false, package.replace('\t', " "));
        }
    }
    for (passed, test) in waiting {
        names.add(passed, test);
    }
}

fn json(line: &str, names: &mut Names) {
    let Ok(event) = serde_json::from_str::<Value>(line) else { return };
    let (Some(action), Some(package), Some(test)) =
        (event["Action"].as_str(), event["Package"].as_str(), event["Test"].as_str())
    else {
        return;
    };
    if action == "pass" || action == "fail" {
        names.add(action == "pass", format!("{package} {test}"));
    }
}

//! `node --test`: the reporter for people, and TAP (any tool's).

use super::{Names, indent, without_duration};

pub(super) fn read(command: &str, output: &str, names: &mut Names) {
    if output.lines().any(|line| line.starts_with("ℹ tests ")) {
        spec(output, names);
    }
    let is_tap =
        output.lines().any(|line| line.starts_with("TAP version ") || line.starts_with("1.."));
    if is_tap || command.contains("tap") {
        tap(output, names);
    }
}

/// A group that is open, and whether a test in it failed.
struct Group<'a> {
    depth: usize,
    name: &'a str,
    any: bool,
    failed: bool,
}

fn path(groups: &[Group<'_>], name: &str) -> String {
    // A file that did not even load is named by where it lies, which differs between checkouts.
    if name.starts_with('/') {
        let names: Vec<&str> = name.split('/').collect();
        return names[names.len().saturating_sub(2)..].join("/");
    }
    let above = groups.iter().map(|group| group.name);
    above.chain([name]).collect::<Vec<_>>().join(" > ").replace("\\#", "#")
}

/// Writes down a result. That of a group tells nothing new, unless no test in it says why.
fn result<'a>(
    groups: &mut Vec<Group<'a>>,
    depth: usize,
    name: &'a str,
    passed: bool,
    names: &mut Names,
) {
    groups.retain(|group| group.depth <= depth);
    let group = match groups.last() {
        Some(group) if group.depth == depth && group.name == name => groups.pop(),
        _ => None,
    };
    groups.retain(|group| group.depth < depth);
    let told = group.is_some_and(|group| group.any && (passed || group.failed));
    if !told {
        names.add(passed, path(groups, name));
    }
    for group in groups {
        group.any = true;
        group.failed |= !passed;
    }
}

fn spec(output: &str, names: &mut Names) {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for line in output.lines() {
        if line.starts_with("✖ failing tests:") {
            break; // the same again
        }
        let depth = indent(line);
        let Some((mark, name)) = line.trim_start().split_once(' ') else { continue };
        if name.ends_with("# SKIP") || name.contains(" # SKIP ") || name.contains(" # TODO") {
            continue;
        }
        match mark {
            "▶" => {
                groups.retain(|group| group.depth < depth);
                groups.push(Group {
                    depth,
                    name: without_duration(name),
                    any: false,
                    failed: false,
                });
            }
            "✔" => result(&mut groups, depth, without_duration(name), true, names),
            "✖" => result(&mut groups, depth, without_duration(name), false, names),
            _ => {}
        }
    }
}

fn tap(output: &str, names: &mut Names) {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for line in output.lines() {
        let depth = indent(line);
        let text = line.trim_start();
        if let Some(name) = text.strip_prefix("# Subtest: ") {
            groups.retain(|group| group.depth < depth);
            groups.push(Group { depth, name, any: false, failed: false });
            continue;
        }
        let (passed, rest) = match (text.strip_prefix("ok "), text.strip_prefix("not ok ")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => continue,
        };
        let numbered = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let name = numbered.trim_start().trim_start_matches("- ");
        if numbered.len() == rest.len() || name.is_empty() {
            continue;
        }
        match name.split_once(" # ") {
            Some((_, directive))
                if directive.starts_with("SKIP") || directive.starts_with("TODO") =>
            {
                groups.retain(|group| group.depth < depth);
            }
            _ => result(&mut groups, depth, name, passed, names),
        }
    }
}

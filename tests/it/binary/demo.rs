//! The first thing that a new user types.
#![expect(clippy::disallowed_methods, reason = "the binary under test, and the PATH it needs")]

use std::process::Command;

use crate::setup;

#[test]
fn the_demo_goes_from_label_to_pull_request_and_shows_each_step_and_the_diff() {
    let home = tempfile::tempdir().unwrap();
    let aider = setup::aider();
    let path = format!("{}:{}", aider.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let run = Command::new(env!("CARGO_BIN_EXE_codingworker"))
        .args(["demo", "--stand-in"])
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", &path)
        .current_dir(home.path())
        .output()
        .unwrap();
    let said = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{said}\n{}", String::from_utf8_lossy(&run.stderr));

    // It says first what is not real.
    assert!(said.lines().next().unwrap().contains("stand-in"), "{said}");
    let steps = ["issue ", "checkout ", "base ", "agent ", "check ", "proof ", "commit ", "push "];
    let mut rest = said.as_str();
    for step in steps {
        let at = rest.find(&format!("\n{step}"));
        rest = &rest[at.unwrap_or_else(|| panic!("no line `{step}` in order:\n{said}"))..];
    }
    assert!(said.contains("RED (exit 1)"), "the first answer is wrong on purpose:\n{said}");
    for shown in
        ["Pull request #2", "Closes #1", "✗ `3` | ✓ `2.5`", "+    if not numbers:", "Look next at:"]
    {
        assert!(said.contains(shown), "no `{shown}` in:\n{said}");
    }
}

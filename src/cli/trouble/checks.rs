//! Checks and the repository's own file.

use super::Trouble;

/// What is said, why, and what to do about it.
pub(super) const ENTRIES: &[Trouble] = &[
    Trouble {
        id: "project-file",
        says: &[
            "… has … bytes; it may have …",
            "… is not what it should be: …",
            "…: unknown key `…`…",
            "…: `…` should look like `…: {command: \"…\"}`, …",
        ],
        cause: "The repository's .codingworker.yml cannot be obeyed. Nothing runs until it can.",
        remedy: "`codingworker check PATH` says the line; docs/codingworker-yml.md has all keys.",
        told: true,
    },
    Trouble {
        id: "no-checks",
        says: &["… has no checks that were found: add a …"],
        cause: "There is no .codingworker.yml, no Dockerfile, no compose file, and no project of \
                a language that the worker knows.",
        remedy: "Add a .codingworker.yml with the commands.",
        told: true,
    },
    Trouble {
        id: "check-folder",
        says: &[
            "… is no folder",
            "… has more than … files or … GiB: name the repository's own folder",
            "…: give the folder a shorter name",
            "a file operation broke off: …",
        ],
        cause: "`codingworker check` copies the folder before it runs anything; this one cannot \
                be copied. Of doctor: a path of the configuration names no folder.",
        remedy: "Name the repository's own folder, without what it was built into.",
        told: false,
    },
];

//! Texts that a person never sees alone.

/// Each with where it appears.
pub(super) const FRAGMENTS: &[(&str, &str)] = &[
    ("it is missing", "audit-unreadable: what is wrong with a row"),
    ("its number belongs to another row", "audit-unreadable: what is wrong with a row"),
    (
        "it is not of the form that rows are written in",
        "audit-unreadable: what is wrong with a row",
    ),
    ("its content is not what was hashed", "audit-unreadable: what is wrong with a row"),
    (
        "it does not follow the row before it: one of the two was replaced",
        "audit-unreadable: what is wrong with a row",
    ),
    (
        "the head does not count it: it was added behind the worker's back",
        "audit-unreadable: what is wrong with a row",
    ),
    (
        "it is the last one, and the head names another: one of the two was replaced",
        "audit-unreadable: what is wrong with a row",
    ),
    (
        "the head, which tells where the audit ends, is gone",
        "audit-unreadable: what is wrong with a row",
    ),
    (
        "embedded: … waiting, … in flight, … dead letters",
        "doctor: what is there, with the command that shows it",
    ),
    ("every repository that the token may push to", "the warning of trust.native"),
    ("every repository in trust.repositories", "the warning of trust.native"),
    ("an HTTP header", "config-wrong-shape: what a name is none of"),
    (": it belongs in a section, as `…`", "config-unknown-key"),
    (": did you mean `…`?", "config-unknown-key, config-value-not-known"),
    ("is no host's name", "config-address"),
    ("Ollama at … …", "model-busy: who turned us away, and how"),
    ("is an address", "config-address"),
    ("is this machine", "config-address"),
    ("active endpoints", "compared with what the engine says, never shown"),
    ("in progress", "compared with what the engine says, never shown"),
    ("in use", "compared with what the engine says, never shown"),
    ("pull request", "the name of what was asked about"),
    ("set the label `…` again", "refused-*: how to ask again"),
    ("write a new comment", "refused-*: how to ask again"),
    ("set the label", "refused-not-a-writer"),
    ("wrote the comment", "refused-not-a-writer"),
    ("an unknown account", "refused-text"),
];

//! The gate before a push.

use super::Trouble;

/// What is said, why, and what to do about it.
pub(super) const ENTRIES: &[Trouble] = &[
    Trouble {
        id: "gate-limits",
        says: &[
            "… …; the limit is … (`gate.…`).",
            "… bytes are added in …; the limit is … (`gate.max_file_bytes`).",
            "… is no text and has … bytes: 65536 at most.",
            "… has … bytes: ….",
            "And … more.",
        ],
        cause: "One push holds more than anybody would read.",
        remedy: "Split the issue. The work is kept: `codingworker job ID` has the command that \
                 shows it. Limits are `gate.max_*`.",
        told: false,
    },
    Trouble {
        id: "gate-secret",
        says: &[
            "The name of a file holds a secret.",
            "A file holds a secret, and more cannot be said about it here.",
            "… looks as if it held a secret: ….",
            "… holds a secret of this worker, in some form.",
            "…, line …, looks like a secret: ….",
        ],
        cause: "What the agent wrote looks like a key or a password, or holds one of the \
                worker's own. Nothing was pushed.",
        remedy: "Look at the kept work (`codingworker job ID`). If it is a sample, write it so \
                 that it cannot be taken for a real one. If it is real, change that key.",
        told: false,
    },
    Trouble {
        id: "gate-protected",
        says: &[
            "… is protected: ….",
            "… is a submodule: which commit of another repository it is must not change.",
        ],
        cause: "The path steers builds, tools or agents, or holds keys, and the agent changed \
                it.",
        remedy: "If it may change it, put the pattern into `gate.allow` of the worker. Else do \
                 this part by hand.",
        told: false,
    },
    Trouble {
        id: "gate-unreadable",
        says: &[
            "… and … are one file where case is ignored.",
            "… has NUL characters, so no reviewer would see it.",
            "…, line …, would get the character ….",
            "…, line …, has Cyrillic letters in a Latin word.",
            "… is neither a file nor a link.",
            "… is a link whose target cannot be read.",
            "… is a link that ….",
        ],
        cause: "A reviewer would not see what this change is: invisible or look-alike \
                characters, links, names that are one on other machines.",
        remedy: "Look at the kept work (`codingworker job ID`), and ask again with words that \
                 leave no need for it.",
        told: false,
    },
];

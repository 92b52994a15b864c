//! Who may ask.

use super::Trouble;

/// What is said, why, and what to do about it.
pub(super) const ENTRIES: &[Trouble] = &[
    Trouble {
        id: "refused-not-a-writer",
        says: &[
            "… may not ask for work in …: someone with write access to it can",
            "it cannot be told who … on …: …",
        ],
        cause: "Only people who may push to the repository are obeyed: whoever asks decides what \
                runs on this machine.",
        remedy: "Let someone with write access set the label.",
        told: true,
    },
    Trouble {
        id: "refused-own-account",
        says: &[
            "… is the worker's own account, which it does not obey: ask from another one, or let \
             the operator set `trust.own_account: true`",
        ],
        cause: "The label or comment is of the account whose token the worker uses; obeying \
                itself could go round in a circle.",
        remedy: "For one person with a token of their own: `trust.own_account: true`.",
        told: true,
    },
    Trouble {
        id: "refused-bot",
        says: &[
            "… is a bot, and may not ask for work in …: a person with write access can, or the \
             operator puts … into `trust.bots`",
        ],
        cause: "Bots repeat what others write.",
        remedy: "Put the number of its account into `trust.bots`, if its words are its own.",
        told: true,
    },
    Trouble {
        id: "refused-not-asked",
        says: &[
            "… does not carry the label `…`: set it to ask for work",
            "the comment that asks does not stand under …: write one there",
        ],
        cause: "The message says that somebody asked, and GitHub shows nothing of the kind: the \
                label was taken off, or the message was forged.",
        remedy: "Set the label again.",
        told: true,
    },
    Trouble {
        id: "refused-size",
        says: &[
            "the issue has about … tokens of text beside its code, and … reads … at once: cut it \
             into issues of one change each, or let the operator give a model a larger `num_ctx`; \
             then set the label again",
            "the issue is a list of … points, and … is asked … times for one issue: cut it into \
             issues of one change each, or let the operator add a larger model to \
             `aider.models`; then set the label again",
        ],
        cause: "No model of this worker can take in, or do, all of it. Code and logs do not count: \
                they are shortened.",
        remedy: "Make issues of it, each of one change. Or let a larger model have it: \
                 `aider.models`, its `num_ctx`, its `calls`.",
        told: true,
    },
    Trouble {
        id: "refused-repository",
        says: &[
            "… is not in `trust.repositories` of this worker",
            "… is not the repository that it was, … became …: if that is right, the operator \
             puts … into `…`",
            "… is archived: nobody can push to it until it is unarchived",
            "… is archived: nobody can push to it",
            "the worker's token may not push to …: the operator can give it that right",
        ],
        cause: "The worker does not, or cannot, work on this repository. A name that changed \
                hands is not trusted again by itself.",
        remedy: "Name it, or its number, in `trust.repositories`, and give the token the right \
                 to push.",
        told: true,
    },
    Trouble {
        id: "refused-no-cage",
        says: &[
            "… is public, and this worker has no cage for what a model writes: its operator can \
             install one (on Linux bubblewrap, and `codingworker doctor` says what is missing), \
             or do without by putting … into `trust.allow_native`",
            "this worker has no cage for what a model writes in …, and its operator's \
             `trust.native` is `never`: he can install one (on Linux bubblewrap, and \
             `codingworker doctor` says what is missing), or put … into `trust.allow_native`",
        ],
        cause: "Strangers can write into public repositories, and what a model makes of their \
                words would run with all rights.",
        remedy: "Install bubblewrap, or use a container engine; see docs/security.md.",
        told: true,
    },
    Trouble {
        id: "refused-too-often",
        says: &[
            "… was taken up … times in a day, and `trust.max_runs_per_day` is …: something may \
             be asking in a circle, so ask again tomorrow",
            "… was answered … times in a day without work, and `trust.max_runs_per_day` is …: \
             commands are obeyed still, and answered again tomorrow",
        ],
        cause: "Something asks in a circle, or somebody asks very often.",
        remedy: "Look who asks: `codingworker audit`. Raise `trust.max_runs_per_day` if it is \
                 right.",
        told: true,
    },
    Trouble {
        id: "refused-closed",
        says: &[
            "… is closed: reopen it and …",
            "… is merged: open an issue for what is still to be done",
            "the branch of … is gone: restore it and …",
        ],
        cause: "What was asked about is over.",
        remedy: "Reopen it, or open an issue.",
        told: true,
    },
    Trouble {
        id: "refused-fork",
        says: &[
            "… comes from a fork, and this worker does not push to forks: bring its branch into \
             …, or let the operator set `trust.forks: true`",
            "… comes from a fork that maintainers may not push to: let its author tick \"Allow \
             edits by maintainers\" and …",
        ],
        cause: "The branch belongs to somebody else's repository.",
        remedy: "`trust.forks: true` allows it, where the author lets maintainers push.",
        told: true,
    },
    Trouble {
        id: "refused-text",
        says: &[
            "the text of … was edited after the label was set: read it as it is now and …",
            "the comment that asks on … was edited after it was written: …",
            "… is public and was written by …, who may not ask for work there: if it may be \
             worked on as it stands, someone with write access comments `/ai-approve …`, and \
             then …",
            "the text of … holds characters that nobody sees, more than come about by accident: \
             take them out, or let someone with write access comment `/ai-approve …`, and then …",
        ],
        cause: "Whoever set the label did not see, or could not have seen, the text as it is \
                now.",
        remedy: "Read it once more and set the label again, or approve exactly this text with \
                 `/ai-approve`.",
        told: true,
    },
];

//! Notifications.

use super::Trouble;

/// What is said, why, and what to do about it.
pub(super) const ENTRIES: &[Trouble] = &[
    Trouble {
        id: "notify-channel",
        says: &[
            "expected a list of channels, not …",
            "expected `{name: …, kind: …}`, not …",
            "more than … channels",
            "channel …: another is named `…` too",
            "`kind`: `…` is none of …",
            "`name`: expected at most 64 letters, digits, `-`, `_` and `.`",
            "`…` is not for a channel of the kind …",
            "`events`: `…` is none of all, …",
            "`allow_private`: expected true or false",
            "`url` is missing",
            "`secret`: shorter than … bytes: openssl rand -hex 32",
            "`host` is missing",
            "`tls`: `…` is none of …",
            "`to`: expected 1 to … mailboxes",
            "`…`: `…` is no mailbox: expected NAME@HOST",
            "`username` and `password` go together",
            "no channels to test: add one to `notify.channels`",
            "there is no channel `…`: `codingworker notify` lists those that are there",
        ],
        cause: "A channel of `notify.channels` is not written as its kind wants it, or there is \
                none of that name.",
        remedy: "Compare it with the table in docs/notifications.md, which says which keys each \
                 kind takes; the shipped configs/config.yaml has an example of each kind. Then \
                 `codingworker notify test`.",
        told: true,
    },
    Trouble {
        id: "notify-address",
        says: &[
            "is no web address: expected https://…",
            "is plain http: expected https://…",
            "longer than 2,048 bytes",
            "has blanks, control characters or a backslash in it",
            "has a user or a password before the host: leave them out",
            "has a fragment (`#…`): leave it out",
            "names no host",
            "`…` is no host's name",
            "names a port that is not 443: for a service in your own network set `allow_private: \
             true`",
            "port … is none of 465, 587 and 25: for a server in your own network set \
             `allow_private: true`",
        ],
        cause: "The `url` or `host` of a channel is none that a notice is sent to. The address \
                itself is not shown: whoever knows that of a chat can write there.",
        remedy: "Copy it once more from where the service shows it. If it comes from a variable \
                 or a file, look for a quote, a blank or a second line in there.",
        told: true,
    },
    Trouble {
        id: "notify-private-address",
        says: &[
            "… is …, which is …: notifications go to public addresses; for one in your own \
             network set `allow_private: true` on the channel",
            "… is …, which is …: nothing is ever sent there",
            "… is not on this machine: without TLS nothing is sent there",
        ],
        cause: "The name of a channel's host stands for an address inside your network, or for \
                one where credentials of machines are handed out. If you did not expect that, \
                somebody may have changed what the name stands for.",
        remedy: "`allow_private: true` on this one channel, if the service is yours. Addresses of \
                 metadata services stay refused, and so does a server on another machine without \
                 TLS.",
        told: true,
    },
    Trouble {
        id: "notify-not-arrived",
        says: &["…; it is tried again", "the name … cannot be resolved: …; it is tried again"],
        cause: "The service is busy, limits how often it is written to, or cannot be reached: the \
                network, its name, its certificate. Jobs do not wait for it.",
        remedy: "Nothing for now: it is tried again for a week, with longer and longer pauses. If \
                 it does not pass, `codingworker notify` shows what waits and the last error, and \
                 `codingworker notify test NAME` tries at once.",
        told: false,
    },
    Trouble {
        id: "notify-address-gone",
        says: &[
            "…: the address is not, or no longer, one to write to; make a new one there",
            "…: redirects are not followed, so give its own URL",
            "… refuses the login (code …): check `username` and `password`",
        ],
        cause: "The webhook was deleted, moved or never was there, or the password is not, or no \
                longer, right. The notice is dropped: sending it again would not help.",
        remedy: "Make a new webhook or password at the service, put it where the channel reads \
                 it, and reload the worker, or restart it where a variable holds it. Many mail services want a password made for programs, \
                 not the account's own.",
        told: true,
    },
    Trouble {
        id: "notify-refused",
        says: &[
            "… answered with status …",
            "… refuses the message with code …",
            "… cannot be used: …",
            "TLS cannot be set up",
            "no message could be written: …",
            "no signature: …",
        ],
        cause: "The service answers and does not take the notice: the channel is of the wrong \
                kind for its address, a mailbox of `from` or `to` is not accepted, or the mail \
                server has no TLS or no login that this program knows. The notice is dropped.",
        remedy: "Compare the channel's `kind`, `from`, `to`, `port` and `tls` with what the \
                 service says of itself. `codingworker notify test NAME` tries again.",
        told: false,
    },
];

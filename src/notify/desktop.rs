//! The desktop of whoever runs the worker: `notify-send`, or on a Mac `osascript`. No shell sees
//! any of it.

use std::ffi::OsString;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::{Channel, NotifyError, Parcel, Words};
use crate::domain::verification::Exit;
use crate::engine::notice::inert;
use crate::process::{self, Spec};

/// A desktop shows a few lines.
const MOST: usize = 400;
const MOST_TITLE: usize = 120;
const LIMIT: Duration = Duration::from_secs(5);
/// Takes its words as arguments, so that none of them is part of the script.
const SCRIPT: [&str; 6] = [
    "-e",
    "on run argv",
    "-e",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "-e",
    "end run",
];

/// A desktop.
#[derive(Debug)]
pub struct Desktop {
    env: Vec<(String, String)>,
    mac: bool,
    words: Words,
}

impl Desktop {
    /// The desktop that this environment leads to (`PATH`, `DBUS_SESSION_BUS_ADDRESS`, …).
    pub fn new(env: Vec<(String, String)>, words: Words) -> Self {
        Self { env, mac: cfg!(target_os = "macos"), words }
    }
}

#[async_trait]
impl Channel for Desktop {
    async fn send(&self, parcel: &Parcel) -> Result<(), NotifyError> {
        let title = self.words.headline(&parcel.notice, MOST_TITLE);
        let harmless = if self.mac { inert::plain } else { inert::desktop };
        let body = self.words.text(&parcel.notice, MOST, harmless, harmless);
        let (program, args) = command(self.mac, parcel.notice.kind.is_bad(), title, body);
        let env = self.env.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let grace = Duration::from_secs(1);
        let spec = Spec { args, env, keep: 1 << 10, grace, ..Spec::new(program, "/", LIMIT) };
        let ended = process::run(spec, None, &CancellationToken::new()).await;
        match ended.map(|it| it.exit) {
            Ok(Exit::Code(0)) => Ok(()),
            Ok(Exit::TimedOut | Exit::Silent) => {
                Err(NotifyError::Unreachable(format!("`{program}` did not end in time")))
            }
            Ok(_) => Err(NotifyError::Unreachable(format!(
                "`{program}` failed: is there a desktop, and may the worker use it?"
            ))),
            Err(error) => Err(NotifyError::Unreachable(error.to_string())),
        }
    }
}

fn command(mac: bool, bad: bool, title: String, body: String) -> (&'static str, Vec<OsString>) {
    let words = [title, body].map(OsString::from);
    if mac {
        return ("osascript", SCRIPT.iter().map(OsString::from).chain(words).collect());
    }
    let urgency = if bad { "--urgency=critical" } else { "--urgency=normal" };
    // What follows `--` is no option, however it begins.
    let first = ["--app-name=CodingWorker", urgency, "--"].map(OsString::from);
    ("notify-send", first.into_iter().chain(words).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_arguments_of_their_own_on_both_desktops() {
        let words = || ("--help \"; do shell script \"id".to_owned(), "-e $(id) `id`".to_owned());
        for mac in [false, true] {
            let (title, body) = words();
            let (_, args) = command(mac, true, title, body);
            let tail = &args[args.len() - 2..];
            assert_eq!(tail, [OsString::from(words().0), OsString::from(words().1)]);
        }
        let (title, body) = words();
        let (program, args) = command(false, true, title, body);
        assert_eq!((program, args[2].to_str()), ("notify-send", Some("--")));
        assert_eq!(command(true, false, words().0, words().1).0, "osascript");
    }
}

//! `codingworker logs`: what the agent and the checks of a job printed.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::app;
use crate::process::plain;
use crate::store::joblog::JobLog;

use super::jobs::{find, state};
use super::output::harmless_lines;
use super::{CliError, Desk, Exit, answer};

/// How often a log that grows is looked at.
const POLL: Duration = Duration::from_millis(300);
/// How much of it is in memory at once.
const PIECE: u64 = 64 * 1024;
/// How much of a line is waited for before it is shown on a terminal, in bytes.
const LINE: usize = 16 * 1024;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The job's id, or enough of its beginning
    #[arg(value_name = "ID")]
    id: String,
    /// Go on until the job is over
    #[arg(long, short)]
    follow: bool,
}

pub(super) fn run(desk: &Desk<'_>, arguments: &Arguments) -> Result<Exit, CliError> {
    let config = desk.config()?;
    let _logging = desk.logging(&config, false)?;
    answer(async {
        let (store, job) = find(&config, &arguments.id).await?;
        let mut log = Reader::new(JobLog::path(&app::log_dir(&config), &job.id));
        let mut standing = job.state;
        let mut told = false;
        loop {
            // The state first: what was printed before the end is read after it.
            let over = standing.is_final();
            while let Some(piece) = log.piece()? {
                desk.output.bytes(&piece)?;
                tokio::task::yield_now().await; // Ctrl-C is heard in between.
            }
            if log.file.is_none() && !told {
                let state = standing.name();
                desk.output.note(&format!("job {} is {state} and has no log yet", job.id));
                told = true;
            }
            if over || !arguments.follow {
                desk.output.bytes(&log.end())?;
                return Ok(Exit::Done);
            }
            tokio::time::sleep(POLL).await;
            standing = state(&store, &job.id).await?;
        }
    })
}

/// A file that grows, read from its beginning.
struct Reader {
    path: PathBuf,
    file: Option<File>,
    /// On a terminal: what makes it safe to look at.
    screen: Option<Screen>,
}

impl Reader {
    fn new(path: PathBuf) -> Self {
        let screen = io::stdout().is_terminal().then(Screen::default);
        Self { path, file: None, screen }
    }

    /// The next piece, or `None` for now.
    fn piece(&mut self) -> Result<Option<Vec<u8>>, CliError> {
        let failed = |error: io::Error| {
            CliError::failed(format!("cannot read the log {}: {error}", self.path.display()))
        };
        let file = match &mut self.file {
            Some(file) => file,
            empty => match File::open(&self.path) {
                Ok(file) => empty.insert(file),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(failed(error)),
            },
        };
        let mut piece = Vec::new();
        file.take(PIECE).read_to_end(&mut piece).map_err(failed)?;
        if piece.is_empty() {
            return Ok(None);
        }
        Ok(Some(match &mut self.screen {
            Some(screen) => screen.push(&piece),
            None => piece,
        }))
    }

    /// What is left when nothing more will come.
    fn end(&mut self) -> Vec<u8> {
        self.screen.as_mut().map(Screen::end).unwrap_or_default()
    }
}

/// Takes out of a stream what a terminal would act on, line by line.
#[derive(Debug, Default)]
struct Screen {
    /// The beginning of a line whose end is still to come.
    rest: Vec<u8>,
}

impl Screen {
    fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        self.rest.extend_from_slice(piece);
        let lines = self.rest.iter().rposition(|it| *it == b'\n').map_or(0, |at| at + 1);
        // A line without an end is shown in parts.
        let shown = if lines == 0 && self.rest.len() > LINE { self.rest.len() } else { lines };
        let rest = self.rest.split_off(shown);
        let shown = std::mem::replace(&mut self.rest, rest);
        harmless_lines(&plain(&shown)).into_bytes()
    }

    fn end(&mut self) -> Vec<u8> {
        harmless_lines(&plain(&std::mem::take(&mut self.rest))).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pieces: &[&[u8]]) -> String {
        let mut screen = Screen::default();
        let mut shown: Vec<u8> = pieces.iter().flat_map(|it| screen.push(it)).collect();
        shown.extend(screen.end());
        String::from_utf8(shown).unwrap()
    }

    #[test]
    fn a_log_cannot_give_orders_to_a_terminal_and_its_lines_stay_lines() {
        let log = b"a\x1b]52;c;eA==\x07b\r\n\x1b[31mc\xff\x1b[0md\n\xe2\x80\xaee";
        assert_eq!(shown(&[log]), "ab\nc\u{fffd}d\ne");
    }

    #[test]
    fn what_arrives_in_two_pieces_is_shown_as_if_it_were_one() {
        let log = "日本\x1b[31m€\x1b[0mé\n€".as_bytes();
        for at in 0..log.len() {
            assert_eq!(shown(&[&log[..at], &log[at..]]), "日本€é\n€");
        }
    }

    #[test]
    fn a_line_that_never_ends_is_shown_without_keeping_it() {
        let mut screen = Screen::default();
        assert_eq!(screen.push(&vec![b'x'; LINE]), b"");
        assert_eq!(screen.push(b"y").len(), LINE + 1);
        assert_eq!(screen.rest, b"");
    }
}

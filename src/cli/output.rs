//! The two streams: data to standard output, words about it to standard error.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::time::Duration;

use serde::Serialize;

use crate::config::LoadOptions;

use super::trouble;
use super::{CliError, Exit};

/// Where a command says things, and how.
#[derive(Clone, Debug)]
pub(super) struct Output {
    color_out: bool,
    color_err: bool,
    json: bool,
}

/// The colours that are used at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Good,
    Bad,
    Doubtful,
    Faint,
}

/// The columns of what has none of its own.
const USUAL: usize = 80;

impl Output {
    pub(super) fn new(options: &LoadOptions, no_color: bool, json: bool) -> Self {
        let set = |name: &str| options.env.get(name).filter(|it| !it.is_empty());
        let dumb = set("TERM").is_some_and(|it| it == "dumb");
        let color = !no_color && set("NO_COLOR").is_none() && !dumb;
        Self {
            color_out: color && io::stdout().is_terminal(),
            color_err: color && io::stderr().is_terminal(),
            json,
        }
    }

    /// Whether JSON is asked for.
    pub(super) fn wants_json(&self) -> bool {
        self.json
    }

    /// Whether log lines may be coloured.
    pub(super) fn color_on_stderr(&self) -> bool {
        self.color_err
    }

    /// `text` in a tone, on standard output.
    pub(super) fn toned(&self, tone: Tone, text: &str) -> String {
        paint(self.color_out, tone, text)
    }

    /// `text`, black on a colour of the 256, on standard output.
    pub(super) fn shaded(&self, color: u8, text: &str) -> String {
        if self.color_out {
            format!("\u{1b}[30;48;5;{color}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// How wide standard output is, in columns; 80 where it is no terminal.
    pub(super) fn columns() -> usize {
        let size = terminal_size::terminal_size_of(io::stdout());
        size.map_or(USUAL, |(width, _)| usize::from(width.0))
    }

    /// Data, as it is.
    pub(super) fn bytes(&self, bytes: &[u8]) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => CliError::ReaderGone,
            _ => CliError::failed(format!("cannot write to standard output: {error}")),
        })
    }

    /// Data for people, ending with a new line.
    pub(super) fn print(&self, text: &str) -> Result<(), CliError> {
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        self.bytes(format!("{text}{end}").as_bytes())
    }

    /// Data for programs: one JSON value.
    pub(super) fn json(&self, value: &impl Serialize) -> Result<(), CliError> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| CliError::failed(format!("cannot write this as JSON: {error}")))?;
        self.print(&text)
    }

    /// Words about what goes on.
    pub(super) fn note(&self, text: &str) {
        // There is nobody to tell that standard error is closed.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Words about what is allowed and unwise.
    pub(super) fn warn(&self, text: &str) {
        self.said(Tone::Doubtful, "warning:", text);
    }

    /// Words about what went wrong.
    pub(super) fn error(&self, error: &CliError) {
        if matches!(error, CliError::ReaderGone) {
            return;
        }
        let message = error.to_string();
        let trouble = trouble::find(&message).filter(|_| error.exit() != Exit::Interrupted);
        if self.json {
            let (id, more) = (trouble.map(|it| it.id), trouble.map(|it| it.place()));
            let value = serde_json::json!({ "error": message, "id": id, "more": more });
            return self.note(&value.to_string());
        }
        self.said(Tone::Bad, "error:", &message);
        if let Some(trouble) = trouble.filter(|it| !it.told) {
            self.note(&format!("hint: {}", trouble.hint()));
            self.note(&format!("more: {}", trouble.place()));
        }
    }

    /// It may repeat what a stranger wrote.
    fn said(&self, tone: Tone, kind: &str, text: &str) {
        self.note(&format!("{} {}", paint(self.color_err, tone, kind), harmless_lines(text)));
    }
}

fn paint(color: bool, tone: Tone, text: &str) -> String {
    let code = match tone {
        _ if !color => return text.to_owned(),
        Tone::Plain => return text.to_owned(),
        Tone::Good => 32,
        Tone::Bad => 31,
        Tone::Doubtful => 33,
        Tone::Faint => 2,
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// One cell of a table.
#[derive(Clone, Debug)]
pub(super) struct Cell(pub(super) Tone, pub(super) String);

impl Cell {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self(Tone::Plain, text.into())
    }

    pub(super) fn faint(text: impl Into<String>) -> Self {
        Self(Tone::Faint, text.into())
    }
}

/// Lines with aligned columns, under `head`. What may hold wide characters belongs in the last
/// column, which needs no padding. Everything is made harmless to a terminal.
pub(super) fn table(output: &Output, head: &[&str], rows: &[Vec<Cell>]) -> String {
    let head: Vec<Cell> = head.iter().map(|it| Cell::faint(*it)).collect();
    let rows: Vec<Vec<Cell>> = std::iter::once(&head)
        .filter(|it| !it.is_empty())
        .chain(rows)
        .map(|row| row.iter().map(|it| Cell(it.0, harmless(&it.1))).collect())
        .collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| {
        rows.iter().filter_map(|row| Some(row.get(at)?.1.chars().count())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (at, Cell(tone, cell)) in row.iter().enumerate() {
            line.push_str(&output.toned(*tone, cell));
            if at + 1 < row.len() {
                line.push_str(&" ".repeat(widths[at] - cell.chars().count() + 2));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// `text` in one line and without anything that a terminal acts on: titles are strangers' words.
pub(super) fn harmless(text: &str) -> String {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.split(['\n', '\r', '\t']).map(|it| it.replace(acts, "")).collect::<Vec<_>>().join(" ")
}

/// The same for text of more than one line.
pub(super) fn harmless_lines(text: &str) -> String {
    let lines = text.split('\n').map(|line| harmless(line.trim_end_matches('\r')));
    lines.collect::<Vec<_>>().join("\n")
}

/// How long ago something was, roughly.
pub(super) fn age(time: Duration) -> String {
    match time.as_secs() {
        it @ 0..60 => format!("{it} s"),
        it @ 60..3_600 => format!("{} m", it / 60),
        it @ 3_600..86_400 => format!("{} h", it / 3_600),
        it => format!("{} d", it / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Output {
        /// Without colours, as into a file.
        pub(in crate::cli) fn plain() -> Self {
            PLAIN
        }

        /// With them.
        pub(in crate::cli) fn colored() -> Self {
            Self { color_out: true, ..PLAIN }
        }
    }

    const PLAIN: Output = Output { color_out: false, color_err: false, json: false };

    #[test]
    fn columns_are_aligned_and_colours_take_no_room() {
        let rows = [
            vec![Cell(Tone::Good, "ok".to_owned()), Cell::plain("git"), Cell::plain("2.47.3")],
            vec![Cell(Tone::Bad, "fail".to_owned()), Cell::plain("aider"), Cell::plain("日本")],
        ];
        insta::assert_snapshot!(table(&PLAIN, &["STATE", "NAME", "DETAIL"], &rows), @r"
        STATE  NAME   DETAIL
        ok     git    2.47.3
        fail   aider  日本
        ");
        let colored = Output { color_out: true, ..PLAIN };
        let bare = table(&colored, &[], &rows).replace("\u{1b}[32m", "").replace("\u{1b}[31m", "");
        assert_eq!(bare.replace("\u{1b}[0m", ""), table(&PLAIN, &[], &rows));
    }

    #[test]
    fn a_title_cannot_give_orders_to_a_terminal() {
        assert_eq!(harmless("a\u{1b}]52;c;eA==\u{7}b\nc\u{202e}d"), "a]52;c;eA==b cd");
    }

    #[test]
    fn ages_are_rough() {
        let said = [0, 59, 61, 7_300, 200_000].map(|it| age(Duration::from_secs(it)));
        assert_eq!(said, ["0 s", "59 s", "1 m", "2 h", "2 d"]);
    }
}

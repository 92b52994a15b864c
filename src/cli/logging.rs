//! Where log lines go: standard error, and for a worker also a file for each day.

use std::fs::DirBuilder;
use std::io::{self, IsTerminal};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::config::LogFormat;
use crate::redact::{Redacted, Redactor};

use super::CliError;

/// How many days' files are kept.
const DAYS: usize = 7;

/// Begins the name of each file. The appender deletes by it, so nothing else may begin so.
const PREFIX: &str = "codingworker";

/// How somebody wants the log.
pub(super) struct Wishes<'a> {
    pub(super) level: &'a str,
    pub(super) format: LogFormat,
    pub(super) folder: Option<PathBuf>,
    pub(super) color: bool,
    pub(super) redactor: Redactor,
}

/// Keep it until the end: dropping it writes out the lines that are still on their way.
#[must_use]
#[derive(Debug)]
pub(super) struct Logging {
    filter: reload::Handle<EnvFilter, Registry>,
    redactor: Redactor,
    _file: Option<WorkerGuard>,
}

impl Logging {
    /// From here on these secrets are taken out too.
    pub(super) fn learn(&self, secrets: impl IntoIterator<Item = SecretString>) {
        self.redactor.learn(secrets);
    }

    /// From here on this is logged.
    pub(super) fn show(&self, filter: EnvFilter) -> Result<(), CliError> {
        let failed = |error| CliError::failed(format!("the log level cannot be changed: {error}"));
        self.filter.reload(filter).map_err(failed)
    }
}

/// Starts logging for the whole process.
pub(super) fn start(wishes: Wishes<'_>) -> Result<Logging, CliError> {
    let (filter, handle) = reload::Layer::new(filter(wishes.level)?);
    let terminal = io::stderr().is_terminal();
    let mut layers = vec![layer(
        json(wishes.format, terminal),
        wishes.color,
        Redacted::new(io::stderr, wishes.redactor.clone()),
    )];
    let mut guard = None;
    if let Some(folder) = &wishes.folder {
        let appender = appender(folder)?;
        // Lossy is the default: lines would go missing without a word when the disk is slow.
        let (writer, kept) = NonBlockingBuilder::default().lossy(false).finish(appender);
        layers.push(layer(true, false, Redacted::new(writer, wishes.redactor.clone())));
        guard = Some(kept);
    }
    tracing_subscriber::registry()
        .with(layers.with_filter(filter))
        .try_init()
        .map_err(|error| CliError::failed(format!("cannot start logging: {error}")))?;
    Ok(Logging { filter: handle, redactor: wishes.redactor, _file: guard })
}

fn json(format: LogFormat, terminal: bool) -> bool {
    match format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !terminal,
    }
}

/// What a level, or directives, let through.
pub(super) fn filter(level: &str) -> Result<EnvFilter, CliError> {
    EnvFilter::try_new(level).map_err(|error| {
        CliError::usage(format!(
            "`{level}` is no log level ({error}): write error, warn, info, debug or trace, \
             or directives such as codingworker=debug,info"
        ))
    })
}

/// Both forms show the fields of the spans that a line was written in: the job's id is one.
fn layer<W>(json: bool, color: bool, writer: W) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    if json {
        let layer = fmt::layer().json().flatten_event(true).with_current_span(false);
        layer.with_span_list(true).with_writer(writer).boxed()
    } else {
        fmt::layer().with_ansi(color).with_target(false).with_writer(writer).boxed()
    }
}

fn appender(folder: &Path) -> Result<RollingFileAppender, CliError> {
    // First: without it the appender complains on standard error, and goes on.
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        CliError::failed(format!("cannot create the log folder {}: {error}", folder.display()))
    })?;
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(PREFIX)
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(folder)
        .map_err(|error| {
            CliError::failed(format!("cannot open a log file in {}: {error}", folder.display()))
        })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(json: bool) -> String {
        let sink = Sink::default();
        let made = sink.clone();
        let layer = layer(json, false, move || made.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info_span!("job", id = "a1b2c3")
                .in_scope(|| tracing::info!(duration_ms = 5, "pushed"));
        });
        String::from_utf8(sink.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn both_forms_show_the_job() {
        let text = logged(false);
        assert!(text.contains("job{id=\"a1b2c3\"}: pushed duration_ms=5"), "{text}");
        let line: serde_json::Value = serde_json::from_str(&logged(true)).unwrap();
        assert_eq!(line["spans"][0]["id"], "a1b2c3");
        assert_eq!((&line["message"], &line["duration_ms"]), (&"pushed".into(), &5.into()));
    }

    #[test]
    fn programs_get_json_unless_they_ask_for_text() {
        assert!(json(LogFormat::Auto, false) && !json(LogFormat::Auto, true));
        assert!(!json(LogFormat::Text, false) && json(LogFormat::Json, true));
    }

    #[test]
    fn a_level_that_is_none_is_wrong_usage() {
        assert!(filter("info").is_ok() && filter("codingworker=debug,warn").is_ok());
        assert_eq!(filter("a=b=c").unwrap_err().exit(), super::super::Exit::Usage);
    }

    #[test]
    fn a_week_of_files_is_kept_and_other_files_are_left_alone() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("deep/logs");
        fs::create_dir_all(&folder).unwrap();
        for day in 1..=20 {
            fs::write(folder.join(format!("{PREFIX}.2020-01-{day:02}.log")), "old").unwrap();
        }
        fs::write(folder.join("notes.txt"), "mine").unwrap();
        let mut appender = appender(&folder).unwrap();
        writeln!(appender, "line").unwrap();
        let names = || -> Vec<_> {
            fs::read_dir(&folder).unwrap().map(|it| it.unwrap().file_name()).collect()
        };
        assert!(names().iter().any(|it| it == "notes.txt"));
        assert_eq!(names().len(), DAYS + 1, "{:?}", names());
    }
}

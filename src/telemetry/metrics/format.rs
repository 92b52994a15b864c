//! The two text formats, and who gets which.

use super::families::{Kind, family};

/// A text format for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0.
    #[default]
    OpenMetrics,
    /// Prometheus's own, 0.0.4.
    Prometheus,
}

impl Format {
    /// The format that an `Accept` header asks for. OpenMetrics, unless text is liked better: a
    /// browser likes it better, and shows it.
    pub fn accepted(header: Option<&str>) -> Self {
        let Some(header) = header else { return Self::OpenMetrics };
        let (mut open, mut any, mut plain) = (None, 0.0, 0.0_f32);
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            let parameters = || range.split(';').skip(1).filter_map(|it| it.trim().split_once('='));
            let quality = parameters().find(|it| it.0.trim().eq_ignore_ascii_case("q"));
            let quality = quality.map_or(1.0, |it| it.1.trim().parse::<f32>().unwrap_or(0.0));
            let known = |it: &(&str, &str)| {
                it.0.trim() != "version" || matches!(it.1.trim(), "1.0.0" | "0.0.1")
            };
            match kind.as_str() {
                "application/openmetrics-text" if parameters().all(|it| known(&it)) => {
                    open = Some(open.unwrap_or(0.0_f32).max(quality));
                }
                "*/*" => any = quality,
                "text/plain" | "text/html" | "text/*" => plain = plain.max(quality),
                _ => {}
            }
        }
        if plain > open.unwrap_or(any) { Self::Prometheus } else { Self::OpenMetrics }
    }

    /// What stands in `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// OpenMetrics's text in the format that was asked for. The older one names a counter as its
/// samples are named, has no type for information and no units.
pub(super) fn written(open: String, format: Format) -> String {
    if format == Format::OpenMetrics {
        return open;
    }
    let mut out = String::with_capacity(open.len());
    for line in open.lines() {
        let Some(comment) = line.strip_prefix("# ") else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        let mut words = comment.splitn(3, ' ');
        let (word, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (suffix, kind) = match family(name).map(|it| it.kind) {
            Some(Kind::Counter) => ("_total", "counter"),
            Some(Kind::Info) => ("_info", "gauge"),
            Some(it) => ("", it.name()),
            None => continue,
        };
        let rest = match word {
            "HELP" => words.next().unwrap_or_default(),
            "TYPE" => kind,
            _ => continue,
        };
        out.push_str(&format!("# {word} {name}{suffix} {rest}\n"));
    }
    out
}

//! How a channel puts notices into words.

use std::fmt;

use crate::engine::notice::{self, Notice, Template};
use crate::engine::report::Language;
use crate::redact::Redactor;

/// The language and the template of a channel, and what takes the secrets out of its texts.
#[derive(Clone)]
pub struct Words {
    /// Of what people read.
    pub language: Language,
    /// The operator's own words.
    pub template: Option<Template>,
    /// Takes the secrets out, last of all.
    pub redactor: Redactor,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Words").field("language", &self.language).finish_non_exhaustive()
    }
}

impl Words {
    /// The text of a notice, at most so many characters, without secrets. What strangers wrote
    /// passes `harmless`, an address passes `link`.
    pub(super) fn text(
        &self,
        notice: &Notice,
        most: usize,
        harmless: fn(&str) -> String,
        link: fn(&str) -> String,
    ) -> String {
        let text = notice::text(
            &self.clean(notice),
            self.template.as_ref(),
            self.language,
            &harmless,
            &link,
        );
        notice::cut(&text, most)
    }

    /// One line that says the most of it, without secrets.
    pub(super) fn headline(&self, notice: &Notice, most: usize) -> String {
        notice::cut(&notice::headline(&self.clean(notice), self.language), most)
    }

    /// The notice without secrets (before anything is escaped, which would hide them), in plain
    /// lines.
    pub(super) fn clean(&self, notice: &Notice) -> Notice {
        let clean = |text: &str| self.redactor.text(text).into_owned();
        notice::tidy(Notice {
            kind: notice.kind,
            at: notice.at,
            issue: notice.issue,
            worker: clean(&notice.worker),
            repository: clean(&notice.repository),
            job: clean(&notice.job),
            title: clean(&notice.title),
            outcome: clean(&notice.outcome),
            reason: clean(&notice.reason),
            url: clean(&notice.url),
        })
    }
}

//! `poll`: looking at repositories without a cloud in between.

use std::collections::HashSet;
use std::time::Duration;

use super::build::{seconds, texts};
use super::reader::Reader;
use super::{Allowed, Config};
use crate::domain::task::Repository;

/// `poll`: the worker asks the code host itself what there is to do.
#[derive(Debug)]
pub struct Poll {
    /// Whether it does. `serve --poll-github` says the same.
    pub github: bool,
    /// Which repositories it looks at; empty: those of `trust.repositories`.
    pub repositories: Vec<Repository>,
    /// How often.
    pub interval: Duration,
}

impl Config {
    /// The repositories that are looked at: those of `poll`, else those that are trusted by name.
    /// The same name in another case is the same repository.
    pub fn watched(&self) -> Vec<Repository> {
        let trusted = self.trust.repositories.iter().filter_map(|it| match it {
            Allowed::Name(name) => Some(name.clone()),
            Allowed::Id(_) => None,
        });
        let mut watched = match self.poll.repositories.is_empty() {
            true => trusted.collect(),
            false => self.poll.repositories.clone(),
        };
        let mut known = HashSet::new();
        watched.retain(|it| known.insert(it.to_string().to_lowercase()));
        watched
    }
}

/// What is missing to look at anything.
pub(super) fn missing(config: &Config) -> Option<String> {
    (config.poll.github && config.watched().is_empty()).then(|| {
        "`poll.github` (or `serve --poll-github`) needs to know where to look: write \
         `poll: {repositories: [OWNER/NAME]}`, or name the repositories in `trust.repositories`"
            .to_owned()
    })
}

pub(super) fn poll(reader: &mut Reader<'_>) -> Poll {
    Poll {
        github: reader.flag("poll.github"),
        repositories: reader.read("poll.repositories", |value| {
            let texts = texts(value)?;
            texts.iter().map(|it| it.parse().map_err(|error| format!("{error}"))).collect()
        }),
        interval: seconds(reader.integer("poll.interval_seconds")),
    }
}

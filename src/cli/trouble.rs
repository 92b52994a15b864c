//! What the program says when something is wrong, why it says so, and what to do about it.
//!
//! One table for the hints below an error, `docs/troubleshooting.md` and the test that no message
//! of the program is without an entry (`tests/it/reference.rs`).

mod agent;
mod cage;
mod checks;
mod commands;
mod configuration;
mod containers;
mod gate;
mod git;
mod github;
mod notify;
mod queue;
mod seeing;
mod service;
mod state;
mod store;
mod trust;

/// One thing that goes wrong.
#[derive(Debug)]
pub struct Trouble {
    /// Its name, and its anchor in the manual.
    pub id: &'static str,
    /// The messages that it shows itself by, `…` in place of what varies.
    pub says: &'static [&'static str],
    /// Why it happens.
    pub cause: &'static str,
    /// What to do. The first sentence is the hint.
    pub remedy: &'static str,
    /// Whether its messages say themselves what to do: then there is no hint.
    pub told: bool,
}

/// All of them, by area.
pub const AREAS: &[(&str, &[Trouble])] = &[
    ("Configuration", configuration::ENTRIES),
    ("The queue", queue::ENTRIES),
    ("GitHub", github::ENTRIES),
    ("Git and workspaces", git::ENTRIES),
    ("The agent and the model", agent::ENTRIES),
    ("The cage", cage::ENTRIES),
    ("Containers", containers::ENTRIES),
    ("Checks", checks::ENTRIES),
    ("Who may ask", trust::ENTRIES),
    ("The gate before a push", gate::ENTRIES),
    ("Database and state", state::ENTRIES),
    ("PostgreSQL", store::ENTRIES),
    ("The service", service::ENTRIES),
    ("Health, metrics and traces", seeing::ENTRIES),
    ("Notifications", notify::ENTRIES),
    ("Commands", commands::ENTRIES),
];

/// Messages with fewer fixed signs than this are known only as a whole, not within another.
const SHORT: usize = 16;

impl Trouble {
    /// The first sentence of the remedy.
    pub fn hint(&self) -> &'static str {
        let ends = self.remedy.match_indices(". ").map(|(at, _)| at);
        let mut ends = ends.filter(|at| self.remedy[at + 2..].starts_with(char::is_uppercase));
        ends.next().map_or(self.remedy, |end| &self.remedy[..end]).trim_end_matches('.')
    }

    /// Where the manual has it.
    pub fn place(&self) -> String {
        format!("docs/troubleshooting.md#{}", self.id)
    }
}

/// What `message` is about: of all entries that know it, the one that knows most of it.
pub fn find(message: &str) -> Option<&'static Trouble> {
    let message = &message.split_whitespace().collect::<Vec<_>>().join(" ");
    let entries = AREAS.iter().flat_map(|it| it.1);
    let known = entries.flat_map(|entry| entry.says.iter().map(move |says| (entry, *says)));
    known.filter(|it| fits(it.1, message)).max_by_key(|it| fixed(it.1)).map(|it| it.0)
}

/// How many signs of a pattern do not vary.
fn fixed(pattern: &str) -> usize {
    pattern.chars().filter(|it| *it != '…').count()
}

/// Whether `message` is one of `pattern`, or holds one.
fn fits(pattern: &str, message: &str) -> bool {
    let whole = fixed(pattern) < SHORT;
    let pieces: Vec<&str> = pattern.split('…').collect();
    let (first, last) = (pieces[0], pieces[pieces.len() - 1]);
    if whole && !(message.starts_with(first) && message.ends_with(last)) {
        return false;
    }
    if whole && pieces.len() == 1 {
        return message == pattern;
    }
    let mut rest = message;
    pieces.iter().all(|piece| match rest.find(piece) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(message: &str) -> Option<&'static str> {
        find(message).map(|it| it.id)
    }

    #[test]
    fn a_message_is_known_alone_and_within_another() {
        let away = "the queue is busy or unreachable: connection refused";
        assert_eq!(id(away), Some("queue-unavailable"));
        assert_eq!(id(&format!("job 1: {away}")), Some("queue-unavailable"));
        let below = "nothing installed, as the service could not start:\nx.yaml:1: no";
        assert_eq!(id(below), Some("service-not-startable"));
        assert_eq!(id("an invented thing has happened to a teapot"), None);
    }

    #[test]
    fn the_entry_that_knows_most_of_a_message_is_its_own() {
        let named = "cannot read the configuration file x.yaml: No such file or directory";
        assert_eq!(id(named), Some("config-file-unreadable"));
        assert_eq!(id("cannot read task.json: Permission denied"), Some("config-secret"));
        let job = "the workspace of job abc is gone or incomplete";
        assert_eq!(id(job), Some("git-workspace"));
    }

    #[test]
    fn a_short_message_is_known_only_as_a_whole() {
        assert_eq!(id("stopped"), Some("agent-stopped"));
        assert_eq!(id("the music stopped at midnight"), None);
    }

    #[test]
    fn a_hint_is_one_sentence() {
        let git = find("git could not be started (gone): is it installed?").unwrap();
        assert_eq!(
            git.hint(),
            "Install git 2.50.1 or later, or one of 2.43.7, 2.44.4, 2.45.4, 2.46.4, 2.47.3, 2.48.2 \
             and 2.49.1"
        );
        let refused = find("the queue refused: no").unwrap();
        assert!(refused.hint().ends_with("`aws sts get-caller-identity`"), "{}", refused.hint());
        assert_eq!(refused.place(), "docs/troubleshooting.md#queue-refused");
    }
}

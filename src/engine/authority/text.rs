//! Whose words the work would follow.

use super::{Asker, Facts, Policy, printable, refused};
use crate::domain::job::Refusal;

/// The words are those that whoever asks had before him.
pub(super) fn unedited(facts: &Facts, policy: &Policy) -> Option<Refusal> {
    if !facts.edited_after {
        return None;
    }
    let again = facts.ask_again(policy);
    refused(match facts.is_issue() {
        true => format!(
            "the text of {} was edited after the label was set: read it as it is now and {again}",
            facts.name()
        ),
        false => format!(
            "the comment that asks on {} was edited after it was written: {again}",
            facts.name()
        ),
    })
}

/// In a public repository, an issue's words are those of somebody who could push them himself,
/// or such a person read them and says so.
pub(super) fn by_a_writer(facts: &Facts, policy: &Policy) -> Option<Refusal> {
    let trusted = facts.author.as_ref().is_some_and(|it| it.is_trusted(policy));
    if !facts.public || !facts.is_issue() || trusted || facts.is_approved(policy) {
        return None;
    }
    let author = facts.author.as_ref().map_or_else(|| "an unknown account".to_owned(), Asker::name);
    refused(format!(
        "{} is public and was written by {author}, who may not ask for work there: if it may be \
         worked on as it stands, someone with write access comments `/ai-approve {}`, and then {}",
        facts.name(),
        printable(&facts.digest, 64),
        facts.ask_again(policy)
    ))
}

/// The words are all to be seen, or a person who was told that they are not says yes.
pub(super) fn plain(facts: &Facts, policy: &Policy) -> Option<Refusal> {
    if !facts.suspicious || facts.is_approved(policy) {
        return None;
    }
    refused(format!(
        "the text of {} holds characters that nobody sees, more than come about by accident: take \
         them out, or let someone with write access comment `/ai-approve {}`, and then {}",
        facts.name(),
        printable(&facts.digest, 64),
        facts.ask_again(policy)
    ))
}

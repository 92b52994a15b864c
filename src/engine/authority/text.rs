//! Whose words the work would follow.

use sha2::{Digest, Sha256};

use super::{Asker, Facts, Policy, printable, refused};
use crate::domain::job::Refusal;
use crate::domain::task::Task;

/// What a sender tells of a body instead of the body: the SHA-256 of its UTF-8, in lower-case
/// hexadecimal digits. Carriage returns are left out, and nothing else is changed: GitHub has
/// several ways to read a text, and they need not agree on the ends of lines.
pub fn body_digest(body: &str) -> String {
    let mut hash = Sha256::new();
    body.split('\r').for_each(|part| hash.update(part));
    hash.finalize().iter().map(|it| format!("{it:02x}")).collect()
}

/// Whether `body`, read just now, is another than the one that the task was sent for. A sender
/// that told no digest is not asked for one: what the code host says of edits counts in any case.
pub fn is_another_body(task: &Task, body: &str) -> bool {
    task.body_sha256.as_ref().is_some_and(|it| *it != body_digest(body))
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::task::Origin;

    fn task(body: Option<&str>) -> Task {
        Task {
            repository: "acme/api".parse().unwrap(),
            origin: Origin::Issue { number: 1 },
            title: String::new(),
            body: String::new(),
            body_sha256: body.map(body_digest),
            labels: Vec::new(),
            asking: "run-1".to_owned(),
        }
    }

    #[test]
    fn a_digest_is_the_one_that_sha256sum_gives() {
        // printf abc | sha256sum
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(body_digest("abc"), abc);
        assert_eq!(body_digest("\ra\r\rbc\r"), abc);
    }

    #[test]
    fn ends_of_lines_make_no_other_text_and_every_other_change_does() {
        let sent = task(Some("one\r\ntwo\r\n"));
        assert!(!is_another_body(&sent, "one\ntwo\n"));
        assert!(!is_another_body(&sent, "one\r\ntwo\r\n"));
        for other in ["one\ntwo", "one\n\ntwo\n", "one two\n", "one\ntwo\n ", "", "One\ntwo\n"] {
            assert!(is_another_body(&sent, other), "{other:?}");
        }
    }

    #[test]
    fn whoever_told_no_digest_is_asked_for_none() {
        assert!(!is_another_body(&task(None), "anything"));
        assert!(!is_another_body(&task(Some("")), ""));
        assert!(is_another_body(&task(Some("")), "something"));
    }
}

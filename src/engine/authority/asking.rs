//! Who asks.

use super::{Facts, Policy, Subject, printable, refused};
use crate::domain::job::{Refusal, Told};

/// Somebody asks, here and still. A message that nobody at the code host stands behind is
/// dropped without a word: a comment of ours would be all that its sender could bring about.
pub(super) fn somebody_asks(facts: &Facts, policy: &Policy) -> Option<Refusal> {
    let reason = match facts.subject {
        Subject::Issue { is_labelled: false, .. } => {
            let label = printable(&policy.label, 50);
            format!("{} does not carry the label `{label}`: set it to ask for work", facts.name())
        }
        Subject::Pull { thread_matches: false, .. } => {
            format!("the comment that asks does not stand under {}: write one there", facts.name())
        }
        _ => return None,
    };
    Some(Refusal { reason, told: Told::Nobody })
}

/// Whoever asks may do so: a person, or a bot that the operator lists, with the right to push;
/// not us.
pub(super) fn may_ask(facts: &Facts, policy: &Policy) -> Option<Refusal> {
    let Some(asker) = &facts.asker else {
        let what = if facts.is_issue() { "set the label" } else { "wrote the comment" };
        return refused(format!(
            "it cannot be told who {what} on {}: {}",
            facts.name(),
            facts.ask_again(policy)
        ));
    };
    let (name, repository) = (asker.name(), &facts.repository);
    if asker.is_us && !policy.own_account {
        let reason = format!(
            "{name} is the worker's own account, which it does not obey: ask from another one, or \
             let the operator set `trust.own_account: true`"
        );
        return Some(Refusal { reason, told: Told::Nobody });
    }
    if !asker.may_push {
        return refused(format!(
            "{name} may not ask for work in {repository}: someone with write access to it can"
        ));
    }
    if !asker.is_trusted(policy) {
        let reason = format!(
            "{name} is a bot, and may not ask for work in {repository}: a person with write access \
             can, or the operator puts {} into `trust.bots`",
            asker.person.id
        );
        return Some(Refusal { reason, told: Told::OncePerThread });
    }
    None
}

//! How a value is written that is no struct, or has a `kind` of its own, inside a variant that is
//! told by its `kind`: as a key of its own. Without it such a variant cannot be written, or not
//! read again.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize)]
struct Written<'a, T> {
    of: &'a T,
}

#[derive(Deserialize)]
struct Read<T> {
    of: T,
}

pub(super) fn serialize<T: Serialize, S: Serializer>(it: &T, to: S) -> Result<S::Ok, S::Error> {
    Written { of: it }.serialize(to)
}

pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Read::deserialize(from)?.of)
}

#[cfg(test)]
mod tests {
    use crate::domain::change::{Change, ObjectId, PullRequest};
    use crate::domain::job::{
        Answer, Event, Failure, Fault, JobId, Outcome, Record, Refusal, Told,
    };
    use crate::domain::time::Timestamp;

    #[test]
    fn however_a_job_ended_it_can_be_read_again() {
        let job = || JobId("0123456789ab".to_owned());
        let pull = PullRequest { number: 2, url: "u".to_owned(), draft: false };
        let change = Change { branch: "b".to_owned(), commit: ObjectId("c".to_owned()) };
        let answers = [
            Answer::Question,
            Answer::Unknown { word: "dance".to_owned() },
            Answer::NothingToRetry,
            Answer::Model { name: "m".to_owned() },
            Answer::NoSuchModel { name: "m".to_owned(), known: vec!["n".to_owned()] },
            Answer::Stopping { jobs: vec![job()] },
            Answer::NothingToStop,
            Answer::Status { jobs: vec![(job(), "done".to_owned())] },
        ];
        let outcomes = [
            Outcome::Ready(pull.clone()),
            Outcome::Incomplete(pull.clone()),
            Outcome::Unproven(pull),
            Outcome::BranchOnly(change.clone()),
            Outcome::GaveUp,
            Outcome::NothingToChange,
            Outcome::Updated { change, ready: true },
            Outcome::Joined(job()),
            Outcome::Stopped(vec!["why".to_owned()]),
            Outcome::Clashed { files: vec!["a".to_owned()], why: "why".to_owned() },
            Outcome::Refused(Refusal { reason: "why".to_owned(), told: Told::Nobody }),
            Outcome::Broke(Failure::new(Fault::Permanent, "why")),
            Outcome::Cancelled,
        ];
        for outcome in outcomes.into_iter().chain(answers.map(Outcome::Answered)) {
            let record = Record { at: Timestamp(1), took_ms: 2, event: Event::Ended(outcome) };
            let text = serde_json::to_string(&record).unwrap();
            let read = serde_json::from_str::<Record>(&text);
            assert_eq!(read.map_err(|it| format!("{text}: {it}")), Ok(record));
        }
    }
}

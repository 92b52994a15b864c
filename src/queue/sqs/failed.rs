//! What a failed call means, and what to tell the person who can mend it.

use std::error::Error;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

use super::address::Address;
use super::client::no_credentials;
use crate::queue::QueueError;

/// A call that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// SQS said no.
    Answered {
        /// Its name for the reason.
        code: String,
        /// Its words.
        message: String,
        /// The HTTP status.
        status: u16,
    },
    /// No answer came, or none that makes sense. It may have been done all the same.
    Unanswered(String),
    /// There are no credentials to ask with.
    NoCredentials,
}

impl Failed {
    pub(super) fn from_sdk<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let status = error.raw_response().map_or(0, |response| response.status().as_u16());
        if let Some(said) = error.as_service_error() {
            return Self::Answered {
                code: said.code().unwrap_or_default().to_owned(),
                message: said.message().unwrap_or_default().to_owned(),
                status,
            };
        }
        if lacks_credentials(error) { Self::NoCredentials } else { Self::Unanswered(chain(error)) }
    }

    pub(super) fn unanswered(after: Duration) -> Self {
        Self::Unanswered(format!("no answer in {} s", after.as_secs()))
    }

    /// The delivery is no longer ours: settled already, or out to somebody else.
    pub(super) fn is_stale_handle(&self) -> bool {
        let Self::Answered { code, message, .. } = self else { return false };
        match plain(code) {
            "ReceiptHandleIsInvalid" | "MessageNotInflight" => true,
            "InvalidParameterValue" => {
                message.contains("does not exist or is not available")
                    || message.contains("receipt handle has expired")
            }
            _ => false,
        }
    }

    /// The delivery is so old that SQS does not hide it for as long as we asked.
    pub(super) fn is_twelve_hour_cap(&self) -> bool {
        let Self::Answered { code, message, .. } = self else { return false };
        plain(code) == "InvalidParameterValue"
            && (message.contains("Total VisibilityTimeout") || message.contains("43200"))
    }

    /// The message is longer than the queue's MaximumMessageSize, attributes included.
    pub(super) fn is_too_long(&self) -> bool {
        let Self::Answered { code, message, .. } = self else { return false };
        plain(code) == "InvalidParameterValue" && message.contains("Message must be shorter")
    }

    /// What it means, in words that say what to do.
    pub(super) fn explain(self, operation: &str, queue: &Address) -> QueueError {
        let name = queue.name();
        match self {
            Self::NoCredentials => no_credentials(),
            Self::Unanswered(why) => {
                QueueError::Unavailable(format!("{operation} on queue `{name}`: {why}"))
            }
            Self::Answered { code, message, status } => {
                let said = format!("{operation} on queue `{name}`: {}: {message}", plain(&code));
                if passes(plain(&code), status) {
                    return QueueError::Unavailable(said);
                }
                match help(plain(&code), operation, queue) {
                    Some(help) => QueueError::Refused(format!("{said}: {help}")),
                    None => QueueError::Refused(said),
                }
            }
        }
    }
}

/// The code without the prefix of SQS's old protocol.
fn plain(code: &str) -> &str {
    match code.rsplit('.').next() {
        Some("NonExistentQueue") => "QueueDoesNotExist",
        Some("ThrottlingException") => "ThrottlingException",
        _ => code.rsplit(['.', '#']).next().unwrap_or(code),
    }
}

/// Whether the same call may go well a little later.
fn passes(code: &str, status: u16) -> bool {
    status >= 500
        || status == 429
        || code.contains("Throttl")
        || matches!(
            code,
            "RequestLimitExceeded"
                | "TooManyRequestsException"
                | "OverLimit"
                | "ServiceUnavailable"
                | "InternalError"
                | "InternalFailure"
                | "RequestTimeout"
                | "RequestTimeoutException"
                | "ExpiredToken"
                | "ExpiredTokenException"
                | "RequestExpired"
                | "QueueDeletedRecently"
        )
}

/// What to do about a refusal.
fn help(code: &str, operation: &str, queue: &Address) -> Option<String> {
    let text = match code {
        "QueueDoesNotExist" | "InvalidAddress" => {
            let region = queue.region().unwrap_or("the region that is set");
            format!(
                "there is no queue {} in {region}; compare sqs.queue_url with what \
                 `aws sqs list-queues` prints",
                queue.url()
            )
        }
        "AccessDenied"
        | "AccessDeniedException"
        | "KmsAccessDenied"
        | "KMS.AccessDeniedException" => {
            format!(
                "allow these credentials (`aws sts get-caller-identity` names them) sqs:{operation} \
                 on the queue and on its dead-letter queue; the worker needs ReceiveMessage, \
                 DeleteMessage, ChangeMessageVisibility, SendMessage, GetQueueAttributes and \
                 GetQueueUrl, and with an encrypted queue kms:Decrypt and kms:GenerateDataKey"
            )
        }
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "MissingAuthenticationToken" => {
            "AWS does not know these credentials: type `aws configure`, or choose others with \
             AWS_PROFILE"
                .to_owned()
        }
        "SignatureDoesNotMatch" | "IncompleteSignature" | "InvalidSignatureException" => {
            "the secret key does not fit the key id, or this machine's clock is off: type \
             `aws configure`, and compare `date -u` with the true time"
                .to_owned()
        }
        "RequestTimeTooSkewed" => "set this machine's clock".to_owned(),
        "InvalidMessageContents" => {
            "SQS takes no control characters but tab, line feed and carriage return: remove them"
                .to_owned()
        }
        code if code.starts_with("Kms") => {
            "look at the queue's encryption key (KmsMasterKeyId) in the AWS console".to_owned()
        }
        _ => return None,
    };
    Some(text)
}

fn lacks_credentials(error: &(dyn Error + 'static)) -> bool {
    sources(error).any(|cause| {
        matches!(cause.downcast_ref(), Some(CredentialsError::CredentialsNotLoaded(_)))
    })
}

/// An error with all that is behind it, on one line, nothing said twice.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in sources(error) {
        let text = cause.to_string();
        if !text.is_empty() && !said.iter().any(|before| before.contains(&text)) {
            said.push(text);
        }
    }
    said.join(": ")
}

fn sources<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: &str, message: &str, status: u16) -> Failed {
        Failed::Answered { code: code.into(), message: message.into(), status }
    }

    fn queue() -> Address {
        Address::parse("https://sqs.eu-west-1.amazonaws.com/123456789012/tasks").unwrap()
    }

    #[test]
    fn a_receipt_that_is_no_longer_ours_is_told_from_other_wrong_parameters() {
        let gone = "Value x for parameter ReceiptHandle is invalid. Reason: Message does not exist \
                    or is not available for visibility timeout change.";
        let cap = "Value 300 for parameter VisibilityTimeout is invalid. Reason: Total \
                   VisibilityTimeout for the message is beyond the limit [43200 seconds]";
        assert!(answered("ReceiptHandleIsInvalid", "", 400).is_stale_handle());
        assert!(answered("AWS.SimpleQueueService.MessageNotInflight", "", 400).is_stale_handle());
        assert!(answered("InvalidParameterValue", gone, 400).is_stale_handle());
        assert!(!answered("InvalidParameterValue", cap, 400).is_stale_handle());
        assert!(answered("InvalidParameterValue", cap, 400).is_twelve_hour_cap());
        assert!(!answered("InvalidParameterValue", gone, 400).is_twelve_hour_cap());
    }

    #[test]
    fn what_passes_is_unavailable() {
        for failed in [
            answered("RequestThrottled", "slow down", 400),
            answered("KmsThrottled", "", 400),
            answered("KMS.ThrottlingException", "", 400),
            answered("OverLimit", "", 403),
            answered("ExpiredToken", "", 403),
            answered("", "", 503),
            answered("Whatever", "", 500),
            Failed::Unanswered("connection refused".into()),
        ] {
            let error = failed.clone().explain("ReceiveMessage", &queue());
            assert!(matches!(error, QueueError::Unavailable(_)), "{failed:?}: {error}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        for (code, words) in [
            ("AWS.SimpleQueueService.NonExistentQueue", "aws sqs list-queues"),
            ("QueueDoesNotExist", "in eu-west-1"),
            ("AccessDenied", "sqs:ReceiveMessage"),
            ("InvalidClientTokenId", "aws configure"),
            ("SignatureDoesNotMatch", "clock"),
            ("InvalidParameterValue", "ReceiveMessage on queue `tasks`"),
        ] {
            let error = answered(code, "no", 400).explain("ReceiveMessage", &queue());
            assert!(matches!(error, QueueError::Refused(_)), "{code}: {error}");
            assert!(error.to_string().contains(words), "{code}: {error}");
        }
    }
}

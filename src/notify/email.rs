//! E-mail, by SMTP with TLS.

use std::time::Duration;

use async_trait::async_trait;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};

use super::{Channel, Guard, MailAddress, NotifyError, Parcel, SEND_LIMIT, Words};
use crate::engine::notice::inert;

/// The longest text, and the longest subject, in characters.
const MOST: usize = 4_000;
const MOST_SUBJECT: usize = 150;
/// How long one of a server's addresses may take.
const ADDRESS_LIMIT: Duration = Duration::from_secs(5);

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// TLS from the first byte (port 465).
    Implicit,
    /// STARTTLS, and nothing without it (port 587).
    #[default]
    Starttls,
    /// None: a server on this machine itself.
    None,
}

/// Who writes to whom, and by which server.
#[derive(Clone, Debug)]
pub struct Account {
    /// The server.
    pub server: MailAddress,
    /// How it is spoken to.
    pub encryption: Encryption,
    /// Who writes.
    pub from: Mailbox,
    /// To whom.
    pub to: Vec<Mailbox>,
    /// Who logs in, where somebody has to.
    pub login: Option<(String, SecretString)>,
}

/// A mailbox, or some.
#[derive(Debug)]
pub struct Email {
    guard: Guard,
    account: Account,
    words: Words,
}

impl Email {
    /// Mail by this account.
    pub fn new(guard: Guard, account: Account, words: Words) -> Self {
        Self { guard, account, words }
    }

    fn message(&self, parcel: &Parcel) -> Result<Message, NotifyError> {
        let notice = &parcel.notice;
        let host = self.account.from.email.domain();
        let mut builder = Message::builder()
            .from(self.account.from.clone())
            // One line without control characters; whatever is not ASCII in it is encoded.
            .subject(self.words.headline(notice, MOST_SUBJECT))
            .message_id(Some(format!("<{}@{host}>", parcel.delivery)))
            .header(ContentType::TEXT_PLAIN);
        for to in &self.account.to {
            builder = builder.to(to.clone());
        }
        for (name, value) in [
            // Nobody's holiday reply is wanted.
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "All"),
            ("X-Codingworker-Event", notice.kind.name()),
            ("X-Codingworker-Delivery", &parcel.delivery),
        ] {
            let name = HeaderName::new_from_ascii(name.to_owned());
            let name = name.map_err(|error| unwritable(&error))?;
            builder = builder.raw_header(HeaderValue::new(name, value.to_owned()));
        }
        let text = self.words.text(notice, MOST, inert::mail, inert::plain);
        builder.body(text).map_err(|error| unwritable(&error))
    }

    fn tls(&self) -> Result<Tls, NotifyError> {
        let parameters = || {
            TlsParameters::new(self.account.server.host())
                .map_err(|_| NotifyError::Refused("TLS cannot be set up".to_owned()))
        };
        Ok(match self.account.encryption {
            Encryption::Implicit => Tls::Wrapper(parameters()?),
            Encryption::Starttls => Tls::Required(parameters()?),
            Encryption::None => Tls::None,
        })
    }
}

#[async_trait]
impl Channel for Email {
    async fn send(&self, parcel: &Parcel) -> Result<(), NotifyError> {
        let (message, host) = (self.message(parcel)?, self.account.server.host());
        let late = || NotifyError::Unreachable(format!("{host} did not answer in time"));
        let sending = async {
            let mut last = late();
            for address in self.guard.find_mail(&self.account.server).await? {
                // Connects to the address that was judged; the certificate is of the name.
                let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(
                    address.ip().to_string(),
                )
                .port(address.port())
                .timeout(Some(ADDRESS_LIMIT))
                .tls(self.tls()?);
                if let Some((name, password)) = &self.account.login {
                    let password = password.expose_secret().to_owned();
                    builder = builder.credentials(Credentials::new(name.clone(), password));
                }
                match builder.build().send(message.clone()).await {
                    Ok(_) => return Ok(()),
                    Err(error) => last = judged(&host, &error),
                }
                // The next address is another way to the same server, which has just answered.
                if !matches!(last, NotifyError::Unreachable(_)) {
                    break;
                }
            }
            Err(last)
        };
        tokio::time::timeout(SEND_LIMIT, sending).await.unwrap_or_else(|_| Err(late()))
    }
}

/// What a server's answer means: its number alone is shown.
fn judged(host: &str, error: &lettre::transport::smtp::Error) -> NotifyError {
    let code = error.status().map(|it| it.to_string()).unwrap_or_default();
    match () {
        () if error.is_permanent() && code.starts_with("53") => NotifyError::Refused(format!(
            "{host} refuses the login (code {code}): check `username` and `password`"
        )),
        () if error.is_permanent() => {
            NotifyError::Refused(format!("{host} refuses the message with code {code}"))
        }
        () if error.is_transient() => NotifyError::Busy {
            what: format!("{host} cannot take the message now (code {code})"),
            retry_after: None,
        },
        () if error.is_tls() => {
            NotifyError::Unreachable(format!("there is no TLS with {host}: {}", innermost(error)))
        }
        // STARTTLS that is not offered, or no way to log in that both know.
        () if error.is_client() => {
            NotifyError::Refused(format!("{host} cannot be used: {}", innermost(error)))
        }
        () if error.is_timeout() => {
            NotifyError::Unreachable(format!("{host} did not answer in time"))
        }
        () => NotifyError::Unreachable(format!("{host} cannot be reached: {}", innermost(error))),
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string().chars().filter(|it| !it.is_control()).take(200).collect()
}

fn unwritable(error: &dyn std::error::Error) -> NotifyError {
    NotifyError::Refused(format!("no message could be written: {error}"))
}

//! Words with the service manager's own programs, each with a deadline.

use std::ffi::OsString;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::ServiceError;
use crate::domain::verification::Exit;
use crate::process::{self, ProcessError, Spec};

/// How programs of the service manager are called.
#[derive(Clone, Debug)]
pub struct Caller {
    /// What the programs are looked up in.
    pub path: String,
    /// What they need to know of the user's session.
    pub env: Vec<(String, String)>,
}

impl Caller {
    /// `program` as a child that has no more than what it needs to find the service manager.
    pub(super) fn spec(&self, program: &str, args: &[&str], limit: Duration) -> Spec {
        let mut spec = Spec::new(program, "/", limit);
        spec.args = args.iter().map(OsString::from).collect();
        spec.env = vec![("PATH".into(), self.path.clone().into())];
        spec.env.extend(self.env.iter().map(|(name, value)| (name.into(), value.into())));
        spec
    }

    /// Whether it succeeded, and what it said.
    pub(super) async fn ask(
        &self,
        program: &str,
        args: &[&str],
        limit: Duration,
    ) -> Result<(bool, String), ServiceError> {
        let mut spec = self.spec(program, args, limit);
        spec.merge = true;
        match process::run(spec, None, &CancellationToken::new()).await {
            Ok(ended) if ended.exit == Exit::TimedOut => Err(ServiceError::Refused {
                command: command(program, args),
                said: format!("no answer within {} s", limit.as_secs()),
            }),
            Ok(ended) => Ok((ended.exit == Exit::Code(0), ended.stdout.to_text())),
            Err(error @ ProcessError::NotStarted { .. }) => {
                Err(ServiceError::NoManager(format!("there is no service manager here: {error}")))
            }
            Err(error @ ProcessError::Stopped(_)) => {
                Err(ServiceError::NoManager(error.to_string()))
            }
        }
    }

    /// As `ask`, and a refusal is an error.
    pub(super) async fn tell(
        &self,
        program: &str,
        args: &[&str],
        limit: Duration,
    ) -> Result<String, ServiceError> {
        match self.ask(program, args, limit).await? {
            (true, said) => Ok(said),
            (false, said) => Err(ServiceError::Refused {
                command: command(program, args),
                said: said.trim().to_owned(),
            }),
        }
    }
}

fn command(program: &str, args: &[&str]) -> String {
    [&[program], args].concat().join(" ")
}

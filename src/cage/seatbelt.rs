//! macOS: a profile for `sandbox-exec`.
//!
//! Not run by our tests, which run on Linux: they know the profile's text alone.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::{Cage, CageError, Limits, Network, Rules, launch};
use crate::domain::verification::{Exit, Isolation};
use crate::process::{Ended, Spec, Tee};

mod profile;

const PROGRAM: &str = "/usr/bin/sandbox-exec";

/// Runs each child under a profile of its own.
#[derive(Clone, Debug)]
pub struct Seatbelt {
    program: PathBuf,
}

impl Seatbelt {
    /// Runs `true` in it.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn find(mark: Option<&str>) -> Result<Self, String> {
        let found = Self { program: PROGRAM.into() };
        let mut spec = Spec::new("/usr/bin/true", "/", Duration::from_secs(20));
        spec.mark = mark.map(str::to_owned);
        let rules = Rules {
            writable: Vec::new(),
            readable: Vec::new(),
            sockets: Vec::new(),
            network: Network::None,
            limits: Limits::default(),
        };
        let failed = |why: String| format!("{PROGRAM} does not work here: {why}");
        match found.run(spec, &rules, None, &CancellationToken::new()).await {
            Ok(ended) if ended.exit == Exit::Code(0) => Ok(found),
            Ok(ended) => Err(failed(format!("{:?}: {}", ended.exit, ended.stderr.to_text()))),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

#[async_trait]
impl Cage for Seatbelt {
    fn level(&self) -> Isolation {
        Isolation::Sandbox
    }

    fn has_own_loopback(&self) -> bool {
        false
    }

    async fn run(
        &self,
        spec: Spec,
        rules: &Rules,
        tee: Option<&dyn Tee>,
        stop: &CancellationToken,
    ) -> Result<Ended, CageError> {
        let name = spec.program.clone();
        let missing = |why: &str| {
            let name = name.to_string_lossy();
            CageError::NotStarted(format!("`{name}` could not be started: {why}"))
        };
        if !spec.cwd.is_dir() {
            return Err(missing(&format!("there is no folder {}", spec.cwd.display())));
        }
        if spec.found().is_none() {
            return Err(missing("No such file or directory"));
        }
        let profile = profile::of(rules).map_err(CageError::Impossible)?;
        // Environment variables such as DYLD_INSERT_LIBRARIES do not reach `sandbox-exec` itself:
        // the system takes them from its own programs.
        let line = format!(
            "{}{}exec \"$@\"",
            launch::ulimits(&rules.limits),
            launch::data_ulimit(&rules.limits)
        );
        let words = ["-p".into(), profile.into(), "/bin/sh".into(), "-c".into(), line.into()];
        let command = ["sh".into(), spec.program].into_iter().chain(spec.args);
        let args = words.into_iter().chain(command).collect();
        let spec = Spec { program: self.program.clone().into(), args, ..spec };
        launch::run(spec, None, tee, stop).await.map_err(|error| launch::failed(error, &name))
    }
}

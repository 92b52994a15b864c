//! No cage: the child runs as this user, with an environment of our making, limits and an end.

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::{Cage, CageError, Limits, Rules, launch};
use crate::domain::verification::{Exit, Isolation};
use crate::process::cgroup::Cgroup;
use crate::process::{self, Ended, Spec, Tee};

/// The last resort. It keeps `Rules::limits`, as far as this machine can, and no other rule.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bare;

#[async_trait]
impl Cage for Bare {
    fn level(&self) -> Isolation {
        Isolation::Native
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
        if spec.found().is_none() || !spec.cwd.is_dir() {
            // It is about to fail, and says why.
            let answer = process::run(spec, tee, stop).await;
            return answer.map_err(|error| launch::failed(error, &name));
        }
        let mut tries = 0;
        loop {
            let group = launch::group(spec.mark.as_deref(), &rules.limits).await;
            let spec = limited(spec.clone(), &rules.limits, group.as_ref());
            let answer = launch::run(spec, group, tee, stop).await;
            match answer {
                // As `process::run` does, when it starts the program itself.
                Ok(ended) if was_being_written(&ended) && tries < 5 => tries += 1,
                answer => return answer.map_err(|error| launch::failed(error, &name)),
            }
        }
    }
}

/// The same program, started by a shell that limits itself first, in the group.
fn limited(spec: Spec, limits: &Limits, group: Option<&Cgroup>) -> Spec {
    let mut line = launch::ulimits(limits);
    if group.is_none() {
        line += &launch::data_ulimit(limits);
    }
    line += "exec \"$@\"";
    let shell = ["/bin/sh".into(), "-c".into(), line.into(), "sh".into(), spec.program];
    let command = shell.into_iter().chain(spec.args).collect();
    let mut words = launch::enter(group, command).into_iter();
    Spec { program: words.next().unwrap_or_default(), args: words.collect(), ..spec }
}

/// Somebody forked while a script was being written, and held it open for a moment.
fn was_being_written(ended: &Ended) -> bool {
    let said = [&ended.stdout.head, &ended.stderr.head];
    ended.exit == Exit::Code(126)
        && said.iter().any(|it| String::from_utf8_lossy(it).contains("Text file busy"))
}

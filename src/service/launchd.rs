//! launchd: an agent of one user's, with a property list in `~/Library/LaunchAgents`.

use std::path::PathBuf;
use std::time::Duration;

use super::{
    ANSWER, CHANGE, Caller, Definition, Installed, STOP_SECONDS, ServiceError, State, Status, mark,
    plain, text,
};
use crate::process::Spec;

/// What launchd calls it.
pub const LABEL: &str = "io.github.codingworker";
/// A log that is followed has no end.
const FOLLOW: Duration = Duration::from_secs(365 * 24 * 3600);
/// How long an agent that was told to stop is waited for.
const GONE: Duration = Duration::from_secs(STOP_SECONDS + 10);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// A user's launchd, and our agent in it.
#[derive(Clone, Debug)]
pub struct Launchd {
    /// `gui/501`: that of the user who sits before the screen.
    pub domain: String,
    /// The property list.
    pub file: PathBuf,
    /// How it is called.
    pub caller: Caller,
}

/// The property list's text.
///
/// # Errors
/// When a path or a value cannot be written down.
pub fn plist(it: &Definition) -> Result<String, ServiceError> {
    let string = |text: &str| format!("<string>{}</string>", escaped(text));
    let (program, config, log) = (text(&it.program)?, text(&it.config)?, text(&it.log)?);
    let words = [program, "--config", config, "serve"].map(string);
    let mut environment = String::new();
    for (name, value) in &it.environment {
        let (name, value) = (escaped(plain(name)?), string(plain(value)?));
        environment += &format!("\n\t\t<key>{name}</key>\n\t\t{value}");
    }
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
<!-- Written by `codingworker service install`, which replaces it. -->\n\
<!-- {mark} -->\n\
<plist version=\"1.0\">\n\
<dict>\n\
\t<key>Label</key>\n\t<string>{LABEL}</string>\n\
\t<key>ProgramArguments</key>\n\t<array>\n\t\t{words}\n\t</array>\n\
\t<key>EnvironmentVariables</key>\n\t<dict>{environment}\n\t</dict>\n\
\t<key>WorkingDirectory</key>\n\t<string>/</string>\n\
\t<key>RunAtLoad</key>\n\t<true/>\n\
\t<!-- Whoever stopped it wants it stopped; whatever else ended it did not. -->\n\
\t<key>KeepAlive</key>\n\t<dict>\n\t\t<key>SuccessfulExit</key>\n\t\t<false/>\n\t</dict>\n\
\t<key>ThrottleInterval</key>\n\t<integer>30</integer>\n\
\t<key>ExitTimeOut</key>\n\t<integer>{STOP_SECONDS}</integer>\n\
\t<!-- As an application: any other kind is slowed down, and the checks of its jobs with it. -->\n\
\t<key>ProcessType</key>\n\t<string>Interactive</string>\n\
\t<key>SoftResourceLimits</key>\n\t<dict>\n\t\t<key>NumberOfFiles</key>\n\t\t<integer>65536</integer>\n\t</dict>\n\
\t<key>Umask</key>\n\t<integer>63</integer>\n\
\t<key>StandardOutPath</key>\n\t{log}\n\
\t<key>StandardErrorPath</key>\n\t{log}\n\
</dict>\n</plist>\n",
        mark = mark(it, Some(&it.log)),
        words = words.join("\n\t\t"),
        log = string(log),
    ))
}

/// As text of XML.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// What is to be said once it is installed.
pub(super) fn advice(it: &Definition) -> Vec<String> {
    let log = it.log.display();
    vec![
        "It runs while you are logged in, and keeps the Mac awake while a job runs.".to_owned(),
        format!(
            "So that its log does not grow for ever (it is begun anew at the next start; the \
             worker's own logs, in its state folder, are kept for 7 days): \
             `echo \"{log} $(id -un):staff 600 5 10240 * J\" | sudo tee /etc/newsyslog.d/codingworker.conf`"
        ),
    ]
}

impl Launchd {
    fn target(&self) -> String {
        format!("{}/{LABEL}", self.domain)
    }

    async fn ask(&self, words: &[&str], limit: Duration) -> Result<(bool, String), ServiceError> {
        self.caller.ask("launchctl", words, limit).await
    }

    async fn tell(&self, words: &[&str]) -> Result<(), ServiceError> {
        self.caller.tell("launchctl", words, CHANGE).await.map(drop)
    }

    pub(super) async fn answers(&self) -> Result<(), ServiceError> {
        match self.ask(&["print", &self.domain], ANSWER).await? {
            (true, _) => Ok(()),
            (false, said) => Err(ServiceError::NoManager(format!(
                "launchd does not answer for {} ({}): log in at the Mac itself, as this user; over \
                 ssh alone there is no such session",
                self.domain,
                said.trim()
            ))),
        }
    }

    async fn shown(&self) -> Result<Option<String>, ServiceError> {
        let (there, said) = self.ask(&["print", &self.target()], ANSWER).await?;
        Ok(there.then_some(said))
    }

    pub(super) async fn take_up(&self, start: bool) -> Result<(), ServiceError> {
        self.leave().await?;
        self.tell(&["enable", &self.target()]).await?;
        // One that is loaded runs (RunAtLoad): without `start` it is loaded at the next login.
        if start { self.load().await } else { Ok(()) }
    }

    async fn load(&self) -> Result<(), ServiceError> {
        self.tell(&["bootstrap", &self.domain, &self.file.to_string_lossy()]).await
    }

    /// Ends it, and waits until launchd has forgotten it: until then nothing can be loaded anew.
    pub(super) async fn leave(&self) -> Result<(), ServiceError> {
        if self.shown().await?.is_none() {
            return Ok(());
        }
        let (_, said) = self.ask(&["bootout", &self.target()], CHANGE).await?;
        let until = tokio::time::Instant::now() + GONE;
        while self.shown().await?.is_some() {
            if tokio::time::Instant::now() >= until {
                let command = format!("launchctl bootout {}", self.target());
                return Err(ServiceError::Refused { command, said });
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    pub(super) async fn start(&self) -> Result<(), ServiceError> {
        match self.shown().await? {
            None => self.load().await,
            Some(_) => self.tell(&["kickstart", &self.target()]).await,
        }
    }

    pub(super) async fn stop(&self) -> Result<(), ServiceError> {
        match self.status().await?.pid {
            None => Ok(()),
            Some(_) => self.leave().await,
        }
    }

    pub(super) async fn status(&self) -> Result<Status, ServiceError> {
        let mut status = status(self.shown().await?.as_deref());
        let (_, disabled) = self.ask(&["print-disabled", &self.domain], ANSWER).await?;
        let line = disabled.lines().find(|it| it.contains(&format!("\"{LABEL}\"")));
        let off = line.is_some_and(|it| it.ends_with("true") || it.ends_with("disabled"));
        status.enabled = !off;
        if let Some(pid) = status.pid {
            let pid = pid.to_string();
            let (known, since) =
                self.caller.ask("ps", &["-o", "lstart=", "-p", &pid], ANSWER).await?;
            status.since = known.then(|| since.trim().to_owned()).filter(|it| !it.is_empty());
        }
        Ok(status)
    }

    pub(super) fn lines(&self, installed: &Installed, most: u32, follow: bool) -> Spec {
        let log = installed.log.clone().unwrap_or_default();
        let (most, log) = (most.to_string(), log.to_string_lossy().into_owned());
        // By its name: who puts it aside begins a new one.
        let words = if follow { vec!["-n", &most, "-F", &log] } else { vec!["-n", &most, &log] };
        self.caller.spec("tail", &words, if follow { FOLLOW } else { ANSWER })
    }
}

/// Reads what `launchctl print` says; `None` when it knows of none.
fn status(shown: Option<&str>) -> Status {
    let of = |name: &str| {
        // The agent's own values stand one tab deep; those of what it holds, deeper.
        let mut lines = shown.unwrap_or_default().lines();
        lines.find_map(|it| it.strip_prefix('\t')?.strip_prefix(name)?.strip_prefix(" = "))
    };
    let pid = of("pid").and_then(|it| it.parse().ok());
    let last = of("last exit code").filter(|it| !it.starts_with('0') && !it.starts_with("(never"));
    let told = of("state").unwrap_or("not loaded");
    let state = match (told, pid, last) {
        ("running", ..) | (_, Some(_), _) => State::Running,
        ("not loaded", ..) => State::Stopped,
        // KeepAlive: it comes again within ThrottleInterval.
        (_, None, Some(_)) => State::Failed,
        _ => State::Stopped,
    };
    Status {
        state,
        detail: told.to_owned(),
        since: None,
        pid,
        restarts: of("runs").and_then(|it| it.parse::<u32>().ok()).map(|it| it.saturating_sub(1)),
        last_exit: last.map(str::to_owned).filter(|_| state != State::Running),
        enabled: true,
    }
}

#[cfg(test)]
mod tests;

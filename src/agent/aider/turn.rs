//! One turn of Aider's in its cage.

use std::path::PathBuf;

use secrecy::ExposeSecret;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::command::{self, Scratch, Way};
use super::host::Host;
use super::installed::Installed;
use super::{Core, INSTALL, shortened, sight, text, verdict};
use crate::agent::recorder::{Answer, Limits, Recorder};
use crate::agent::tunnel::Tunnel;
use crate::agent::{AgentError, Edit, EditVerdict, Errand, bridge, ollama, vendor};
use crate::cage::{CageError, Network, Rules};
use crate::domain::job::Tokens;
use crate::process::{Ended, Spec, Tee};

/// All that a turn is made of.
pub(super) struct Turn<'a> {
    pub(super) core: &'a Core,
    /// An Aider that is imported already.
    pub(super) host: Option<&'a Host>,
    pub(super) installed: &'a Installed,
    pub(super) scratch: &'a Scratch,
    pub(super) errand: &'a Errand<'a>,
    pub(super) stop: &'a CancellationToken,
}

impl Turn<'_> {
    pub(super) async fn take(&self) -> Result<Edit, AgentError> {
        self.make_repository().await?;
        match ollama::local_name(&self.errand.model.name) {
            Some(name) => self.recorded(name).await,
            None => self.hosted().await,
        }
    }

    /// A throw-away repository around the tree: Aider refuses paths outside one. Where there is
    /// no overview of the repository, it holds the files of the turn alone, since Aider loads
    /// any other whose name it reads, and drops the edits of the reply that named it.
    async fn make_repository(&self) -> Result<(), AgentError> {
        let Errand { tree, files, read, .. } = self.errand;
        let all = self.core.options.map_tokens > 0;
        let names = if all {
            sight::links(tree).map_err(|error| {
                AgentError::NotStarted(format!("{} could not be read: {error}", tree.display()))
            })?
        } else {
            files.iter().chain(*read).flat_map(|it| [it.as_bytes(), b"\0"].concat()).collect()
        };
        let spec = command::repository(&self.core.options, self.scratch, tree, all, names);
        let ended = self.run(spec, self.rules(Network::None), None).await?;
        if ended.exit.is_success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&ended.stderr.head).trim().to_owned();
        let words = format!("the turn's git repository could not be made: {said}: Aider needs git");
        Err(AgentError::NotStarted(words))
    }

    async fn recorded(&self, name: &str) -> Result<Edit, AgentError> {
        let (live, mut words) = mpsc::channel(1024);
        let recorder = self.recorder(name, live).await.map_err(|error| {
            AgentError::NotStarted(format!("the recorder cannot listen: {error}"))
        })?;
        // The reply is shown while it comes; Aider repeats it when it has it all.
        let tee = self.errand.tee;
        let ended = tokio::select! {
            ended = self.ask(&recorder) => ended?,
            never = show(&mut words, tee) => match never {},
        };
        let answers = recorder.answers();
        drop(recorder);
        let output = text(&ended);
        if let Some(tee) = tee {
            while let Ok(piece) = words.try_recv() {
                tee.write(piece.as_bytes());
            }
            let own = verdict::own_lines(&output, &answers);
            let own = own.into_iter().filter(|it| !it.trim().is_empty());
            tee.write(own.fold("\n".to_owned(), |all, it| all + it + "\n").as_bytes());
        }
        let verdict =
            verdict::from_record(ended.exit, &answers, &output).map_err(AgentError::NotStarted)?;
        let tokens = |of: fn(&Answer) -> u64| answers.iter().map(of).sum();
        Ok(Edit {
            verdict,
            reply: shortened(answers.last().map_or("", |it| &it.text)),
            calls: u32::try_from(answers.len()).unwrap_or(u32::MAX),
            tokens: Tokens { read: tokens(|it| it.read), written: tokens(|it| it.written) },
            took: ended.took,
        })
    }

    /// Aider by its host where there is one, else by its command line.
    async fn ask(&self, recorder: &Recorder) -> Result<Ended, AgentError> {
        let spec = self.command(Way::Recorder(&recorder.base()));
        if let Some(host) = self.host {
            // It is in the cage already, and what it may change was handed over for the repository.
            let args = command::own_args(&spec, self.installed);
            let ended = host.run(&spec, args, None, self.stop).await;
            match ended.map_err(|error| self.core.not_started(error))? {
                Some(ended) => return Ok(ended),
                None => tracing::debug!("this turn's Aider is started by itself"),
            }
        }
        let (spec, rules) = match recorder.port() {
            Some(port) => (spec, self.rules(Network::Port(port))),
            None => self.bridged(spec),
        };
        self.run(spec, rules, None).await
    }

    async fn recorder(&self, name: &str, live: mpsc::Sender<String>) -> std::io::Result<Recorder> {
        let (ours, tree) = (&self.core.options, self.errand.tree);
        let total = self.errand.model.timeout.min(ours.limits.total);
        let limits = Limits { total, ..ours.limits };
        let upstream = self.core.ollama.base();
        let editor = self.errand.model.editor.as_ref();
        let editor = editor.and_then(|it| ollama::local_name(&it.name));
        let models: Vec<&str> = std::iter::once(name).chain(editor).collect();
        if ours.cage.has_own_loopback() {
            Recorder::start_at(&self.scratch.socket, upstream, &models, tree, limits, Some(live))
        } else {
            Recorder::start(upstream, &models, tree, limits, Some(live)).await
        }
    }

    async fn hosted(&self) -> Result<Edit, AgentError> {
        let tunnel = self.tunnel().map_err(|error| {
            AgentError::NotStarted(format!("the way to the vendor cannot be opened: {error}"))
        })?;
        let (spec, rules) = if tunnel.is_some() {
            let proxy = format!("http://{}", bridge::ADDRESS);
            self.bridged(self.command(Way::Proxy(&proxy)))
        } else {
            (self.command(Way::Open), self.rules(Network::Open))
        };
        let ended = self.run(spec, rules, self.errand.tee).await?;
        let refusals = tunnel.map(|it| it.refusals()).unwrap_or_default();
        if let Some(tee) = self.errand.tee {
            for words in &refusals {
                tee.write(format!("the way to the vendor: {words}\n").as_bytes());
            }
        }
        let output = text(&ended);
        // Aider sees a broken connection; why it broke is known here.
        let why = |words: String| match refusals.last() {
            Some(refusal) => format!("{words}; {refusal}"),
            None => words,
        };
        let verdict = verdict::from_output(ended.exit, &output)
            .map_err(|words| AgentError::NotStarted(why(words)))?;
        let verdict = match verdict {
            EditVerdict::ModelUnavailable(words) => EditVerdict::ModelUnavailable(why(words)),
            other => other,
        };
        let (calls, tokens) = verdict::printed_tokens(&output);
        Ok(Edit { verdict, reply: shortened(&output), calls, tokens, took: ended.took })
    }

    /// A way to the model's vendor and to what the operator named, where the cage leaves no other.
    fn tunnel(&self) -> std::io::Result<Option<Tunnel>> {
        let ours = &self.core.options;
        if !ours.cage.has_own_loopback() {
            return Ok(None);
        }
        let vendor = vendor::host_of(&self.errand.model.name).map(str::to_owned);
        let bases =
            ours.env.iter().filter_map(|(name, it)| vendor::host_in(name, it.expose_secret()));
        let hosts = vendor.into_iter().chain(bases).chain(ours.hosts.iter().cloned());
        Tunnel::start(&self.scratch.socket, hosts).map(Some)
    }

    fn command(&self, way: Way<'_>) -> Spec {
        command::aider(&self.core.options, self.installed, self.scratch, self.errand, way)
    }

    /// What a child of the turn may see: the tree, its own folder, and what Aider is made of.
    fn rules(&self, network: Network) -> Rules {
        let writable = vec![self.errand.tree.to_owned(), self.scratch.own.clone()];
        let mut readable = self.installed.readable.clone();
        readable.push(self.scratch.given.clone());
        let limits = self.core.options.cage_limits;
        Rules { writable, readable, sockets: Vec::new(), network, limits }
    }

    /// The same child behind a bridge to the turn's socket, and its rules.
    fn bridged(&self, spec: Spec) -> (Spec, Rules) {
        let (program, socket) = (&self.core.options.program, &self.scratch.socket);
        let mut rules = self.rules(Network::None);
        rules.readable.push(PathBuf::from(program));
        rules.sockets.push(socket.clone());
        (bridge::behind(program, socket, spec), rules)
    }

    async fn run(
        &self,
        spec: Spec,
        rules: Rules,
        tee: Option<&dyn Tee>,
    ) -> Result<Ended, AgentError> {
        let ended = self.core.options.cage.run(spec, &rules, tee, self.stop).await;
        ended.map_err(|error| match error {
            CageError::Stopped(_) => AgentError::Stopped,
            CageError::EngineAway(words) => AgentError::CageAway(words),
            CageError::Impossible(words) => AgentError::NotStarted(words),
            CageError::NotStarted(words) => AgentError::NotStarted(format!("{words}{INSTALL}")),
        })
    }
}

/// Shows words as they come, until it is dropped.
async fn show(
    words: &mut mpsc::Receiver<String>,
    tee: Option<&dyn Tee>,
) -> std::convert::Infallible {
    while let Some(piece) = words.recv().await {
        if let Some(tee) = tee {
            tee.write(piece.as_bytes());
        }
    }
    std::future::pending().await
}

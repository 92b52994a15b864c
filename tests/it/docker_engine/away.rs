//! An engine that goes away, or hangs: a fault that passes, in time, whatever was going on.

use std::sync::Arc;

use codingworker::cage::container::Container;
use codingworker::cage::{Cage, CageError};
use codingworker::domain::job::Fault;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinHandle, JoinSet};

use super::caged::{rules, sh};
use super::*;

/// A socket before the engine's, to listen at and to cut.
pub(crate) struct Between {
    folder: tempfile::TempDir,
    asked: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl Between {
    pub(crate) async fn start(upstream: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("engine.sock")).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (upstream, heard) = (upstream.to_owned(), asked.clone());
        let server = tokio::spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(pass_on(stream, upstream.clone(), heard.clone()));
            }
        });
        Self { folder, asked, server }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("engine.sock")
    }

    /// The first line of each connection.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Closes every connection and the socket, as an engine that is killed does.
    fn cut(&self) {
        self.server.abort();
        std::fs::remove_file(self.socket()).unwrap();
    }

    fn docker(&self) -> Docker {
        Docker::new(Endpoint::Unix(self.socket())).unwrap()
    }
}

async fn pass_on(stream: UnixStream, upstream: PathBuf, asked: Arc<Mutex<Vec<String>>>) {
    let mut engine = UnixStream::connect(upstream).await.unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap_or_default();
    engine.write_all(line.as_bytes()).await.unwrap_or_default();
    asked.lock().unwrap().push(line);
    let _ = tokio::io::copy_bidirectional(&mut stream, &mut engine).await;
}

#[tokio::test]
async fn an_engine_that_is_not_there_or_not_allowed_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let docker = |name: &str| Docker::new(Endpoint::Unix(folder.path().join(name))).unwrap();
    let error = docker("none").facts().await.unwrap_err();
    assert!(matches!(error, DockerError::Away { .. }), "{error}");
    assert_eq!(error.fault(), Fault::Transient);
    // The name of a socket that nobody listens at any more.
    drop(UnixListener::bind(folder.path().join("dead")).unwrap());
    let error = docker("dead").facts().await.unwrap_err();
    assert!(matches!(error, DockerError::Away { .. }), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
    assert!(Docker::new(Endpoint::Loopback("10.0.0.1:2375".parse().unwrap())).is_err());
}

#[tokio::test]
async fn an_engine_that_hangs_is_away_after_five_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("hung.sock");
    let _listener = UnixListener::bind(&place).unwrap();
    let docker = Docker::new(Endpoint::Unix(place)).unwrap();
    let started = Instant::now();
    let error = docker.facts().await.unwrap_err();
    assert!(matches!(error, DockerError::Away { .. }), "{error}");
    assert!(error.to_string().contains("no answer in 5 s"), "{error}");
    assert!((4..15).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
}

#[tokio::test]
async fn an_engine_that_goes_away_while_a_child_runs_is_a_fault_that_passes() {
    let home = Home::new();
    let between = Between::start(&socket()).await;
    let docker = between.docker();
    let cage = Container { docker, image: base(), owner: home.owner.clone() };
    let heard = Heard::default();
    let stop = CancellationToken::new();
    let (rules, spec) = (rules(), sh("echo it runs; sleep 600"));
    let run = cage.run(spec, &rules, Some(&heard), &stop);
    let cut = async {
        heard.until("it runs").await;
        between.cut();
        Instant::now()
    };
    let (answer, since) = tokio::join!(run, cut);
    let error = answer.unwrap_err();
    assert!(matches!(error, CageError::EngineAway(_)), "{error}");
    assert_eq!(error.fault(), Fault::Transient);
    assert!(since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());
    // What it left is found by its label, once the engine is back.
    home.docker.remove(&home.owner, false).await.unwrap();
    home.nothing_left().await;
}

#[tokio::test]
async fn an_engine_that_goes_away_during_a_build_is_a_fault_that_passes() {
    let home = Home::new();
    let between = Between::start(&socket()).await;
    let folder = home.path("context");
    let lines =
        format!("FROM {}\nRUN echo it builds; sleep 600; : {}\n", base(), home.owner.worker);
    home.write("context/Dockerfile", &lines);
    let heard = Heard::default();
    let stop = CancellationToken::new();
    let (docker, tag) = (between.docker(), home.tag("cut"));
    let build = docker.build(spec(&folder, &tag), &home.owner, Some(&heard), &stop);
    let cut = async {
        heard.until("\nit builds").await;
        between.cut();
    };
    let (answer, ()) = tokio::join!(build, cut);
    let error = answer.unwrap_err();
    assert!(matches!(error, DockerError::Away { .. }), "{error}");
    home.end().await;
}

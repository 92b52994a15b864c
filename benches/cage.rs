//! What a cage costs: a shell that runs `true`, bare, in a sandbox, and in a container, by turns.
//!
//! Takes the container's image as its argument, else from `CODINGWORKER_TEST_IMAGE`; where there
//! is no sandbox or no engine, it says so.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use codingworker::cage::bare::Bare;
use codingworker::cage::{self, Cage, Limits, Network, Rules};
use codingworker::docker::endpoint::{self, Found};
use codingworker::docker::{Docker, Owner};
use codingworker::process::Spec;
use figures::{Samples, say};
use tokio_util::sync::CancellationToken;

mod figures;

const ROUNDS: usize = 20;
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "where this machine's programs are")]
async fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!("cage: `sh -c true` in each, {ROUNDS} rounds by turns");
    let mut cages: Vec<(&str, Arc<dyn Cage>, &str)> = vec![("bare", Arc::new(Bare), "")];
    let path = std::env::var("PATH").unwrap_or_default();
    match cage::sandbox(&path, None).await {
        Ok(sandbox) => cages.push(("sandbox", sandbox, "<= 60 ms")),
        Err(why) => println!("no sandbox: {why}"),
    }
    match container().await {
        Ok(container) => cages.push(("container", container, "<= 700 ms")),
        Err(why) => println!("no container: {why}"),
    }
    let mut samples = vec![Vec::new(); cages.len()];
    for round in 0..=ROUNDS {
        for ((_, cage, _), samples) in cages.iter().zip(&mut samples) {
            let took = one(cage.as_ref(), folder.path()).await;
            // The first round finds the programs in no cache.
            if round > 0 {
                samples.push(took);
            }
        }
    }
    let mut medians = Vec::new();
    for ((name, _, goal), samples) in cages.iter().zip(samples) {
        let median = Samples::of(samples).percentile(50);
        medians.push(median);
        say(&format!("{name}: one command, median"), median, "ms", None);
        if *name != "bare" {
            say(&format!("{name}: over bare"), median - medians[0], "ms", Some(goal));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "where this machine's engine is")]
async fn container() -> Result<Arc<dyn Cage>, String> {
    let image = std::env::args().skip(1).find(|it| !it.starts_with("--"));
    let image = image.or_else(|| std::env::var("CODINGWORKER_TEST_IMAGE").ok());
    let image = image.ok_or("no image was named")?;
    let home = std::env::var("HOME").unwrap_or_default();
    let Found::Here(endpoint, _) =
        endpoint::find(&|name| std::env::var(name).ok(), Path::new(&home))
    else {
        return Err("there is no engine".to_owned());
    };
    let docker = Docker::new(endpoint).map_err(|error| error.to_string())?;
    let owner = Owner { worker: "bench".to_owned(), job: None };
    Ok(cage::of_image(docker, &image, owner))
}

async fn one(cage: &dyn Cage, folder: &Path) -> Duration {
    let rules = Rules {
        writable: vec![folder.to_owned()],
        readable: Vec::new(),
        sockets: Vec::new(),
        network: Network::None,
        limits: Limits::default(),
    };
    let mut spec = Spec::new("sh", folder, LIMIT);
    spec.args = ["-c", "true"].map(Into::into).to_vec();
    spec.env = vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())];
    let begun = Instant::now();
    let ended = cage.run(spec, &rules, None, &CancellationToken::new()).await.expect("a command");
    assert!(ended.exit.is_success(), "{ended:?}");
    begun.elapsed()
}

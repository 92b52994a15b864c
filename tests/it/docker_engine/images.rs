//! Who the engine is, and its images: built, named, kept and removed.

use codingworker::domain::job::Fault;

use super::away::Between;
use super::*;

#[tokio::test]
async fn the_engine_says_who_it_is_and_is_spoken_to_in_the_version_agreed_on() {
    let between = Between::start(&socket()).await;
    let docker = Docker::new(Endpoint::Unix(between.socket())).unwrap();
    let facts = docker.facts().await.unwrap();
    assert!(facts.name.ends_with("Engine") && !facts.version.is_empty(), "{facts:?}");
    docker.image(&base()).await.unwrap().expect("the base image is there");
    let asked = between.asked();
    let of_age = format!("/v{}/", facts.api);
    assert!(
        asked.iter().any(|line| line.starts_with(&format!("GET {of_age}images/"))),
        "{asked:?}"
    );
    let others = asked.iter().filter(|line| !line.contains(&of_age));
    assert!(others.clone().all(|line| line.starts_with("GET /version ")), "{asked:?}");
}

#[tokio::test]
async fn an_image_that_is_not_there_is_none_and_a_name_that_is_none_is_refused() {
    let docker = Docker::new(endpoint()).unwrap();
    assert_eq!(docker.image("codingworker-no-such-image").await.unwrap(), None);
    let error = docker.image("../containers/x").await.unwrap_err();
    assert!(matches!(error, DockerError::Refused(_)), "{error}");
    let stop = CancellationToken::new();
    // Nobody listens at this port: the way is closed, which is nobody's fault for ever.
    let error = docker.pull("127.0.0.1:9/x", LONG, None, &stop).await.unwrap_err();
    assert!(matches!(error, DockerError::RegistryAway { .. }), "{error}");
    assert_eq!(error.fault(), Fault::Transient);
    let here = docker.pull(&base(), LONG, None, &stop).await.unwrap();
    assert_eq!(Some(here), docker.image(&base()).await.unwrap());
}

#[tokio::test]
async fn a_build_shows_its_log_sends_the_folder_and_keeps_its_commands_apart() {
    let home = Home::new();
    let folder = home.path("context");
    home.write("context/.dockerignore", "secret\n");
    home.write("context/secret", "x");
    home.write("context/a/b", "hello from a file");
    std::os::unix::fs::symlink("a/b", folder.join("link")).unwrap();
    let limit = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max";
    let lines = format!(
        "FROM {}\nCOPY . /x\nRUN cat /x/link; ls -A /x; readlink /x/link; \
         echo net: $(ls /sys/class/net); {limit} 2>/dev/null; true\n",
        base()
    );
    std::fs::write(folder.join("Dockerfile"), lines).unwrap();
    let tag = home.tag("build");
    let (id, log) = home.build_in(&folder, &tag).await.unwrap();
    for line in ["Step 2/", "hello from a file", "a/b", "net: lo\n", "3221225472"] {
        assert!(log.contains(line), "{line:?} is not in {log}");
    }
    assert!(!log.contains("secret"), "{log}");
    assert_eq!(home.docker.image(&tag).await.unwrap(), Some(id.clone()));
    let labels = cli(&["image", "inspect", "-f", "{{json .Config.Labels}}", &id]).await;
    assert!(labels.contains(&home.owner.worker) && labels.contains("codingworker.job"), "{labels}");
    assert_eq!(home.docker.remove(&home.owner, true).await.unwrap(), 1);
    assert_eq!(home.docker.image(&tag).await.unwrap(), None);
    assert_eq!(home.docker.remove(&home.owner, true).await.unwrap(), 0);
}

#[tokio::test]
async fn a_build_that_fails_says_why_with_the_end_of_its_log() {
    let home = Home::new();
    let tag = home.tag("red");
    let red = format!("FROM {}\nRUN seq 3000; echo the reason >&2; exit 3\n", base());
    let error = home.build(&tag, &red).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, DockerError::Refused(_)), "{text}");
    assert!(text.contains("returned a non-zero code: 3") && text.contains("the reason"), "{text}");
    assert!(text.len() < 10_000 && !text.contains("\n17\n"), "the whole log is in the error");
    let error = home.build(&tag, "FRUM x\n").await.unwrap_err().to_string();
    assert!(error.contains("FRUM"), "{error}");
    // A way that is closed is another thing, but not when a command only speaks of one.
    let error = home.build(&tag, "FROM 127.0.0.1:9/x\n").await.unwrap_err();
    assert!(matches!(error, DockerError::RegistryAway { .. }), "{error}");
    let words = format!("FROM {}\nRUN echo 'dial tcp: i/o timeout'; exit 1\n", base());
    let error = home.build(&tag, &words).await.unwrap_err();
    assert!(matches!(error, DockerError::Refused(_)), "{error}");
    let folder = home.path("empty");
    std::fs::create_dir(&folder).unwrap();
    let error = home.build_in(&folder, &tag).await.unwrap_err().to_string();
    assert_eq!(error, "there is no Dockerfile `Dockerfile` in the repository");
    home.end().await;
}

#[tokio::test]
async fn a_context_that_cannot_be_sent_to_its_end_is_the_reason() {
    let home = Home::new();
    let folder = home.path("context");
    home.write("context/Dockerfile", &format!("FROM {}\n", base()));
    let sparse = std::fs::File::create(folder.join("sparse")).unwrap();
    sparse.set_len(1 << 40).unwrap();
    let error = home.build_in(&folder, &home.tag("big")).await.unwrap_err();
    assert!(matches!(error, DockerError::Refused(_)), "{error}");
    assert!(error.to_string().contains("larger than 4 GiB"), "{error}");
    home.end().await;
}

#[tokio::test]
async fn a_build_that_is_stopped_or_too_slow_leaves_nothing_running() {
    let home = Home::new();
    // The classic builder's own containers carry no label: this one is told by its command.
    let mark = format!("sleep 600; : {}", home.owner.worker);
    let slow = format!("FROM {}\nRUN {mark}\n", base());
    let folder = home.path("context");
    home.write("context/Dockerfile", &slow);
    let running = async || {
        let all = cli(&["ps", "-a", "--no-trunc", "--format", "{{.Command}}"]).await;
        all.contains(&mark)
    };
    let stop = CancellationToken::new();
    let tag = home.tag("slow");
    let build = home.docker.build(spec(&folder, &tag), &home.owner, None, &stop);
    let stopper = async {
        while !running().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.cancel();
    };
    let (answer, ()) = tokio::join!(build, stopper);
    assert!(matches!(answer, Err(DockerError::Stopped)));
    let until = Instant::now() + Duration::from_secs(10);
    while running().await {
        assert!(Instant::now() < until, "the build goes on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let limit = Duration::from_secs(2);
    let late = Build { limit, ..spec(&folder, &tag) };
    let error = home.docker.build(late, &home.owner, None, &CancellationToken::new()).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("longer than 2 s"), "{error}");
    while running().await {
        assert!(Instant::now() < until + LONG, "the build goes on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    home.end().await;
}

#[tokio::test]
async fn the_layers_under_the_caches_name_outlive_the_job_that_made_them() {
    let first = Home::new();
    let (tag, cache) = (first.tag("one"), format!("{}x", first.tag("cache")));
    let unique = format!("# {}", first.owner.worker);
    let lines = format!("FROM {}\nRUN echo dear layer; {unique}\nCOPY Dockerfile /x\n", base());
    let (id, _) = first.build(&tag, &lines).await.unwrap();
    first.docker.tag(&id, &cache).await.unwrap();
    assert_eq!(first.docker.remove(&first.owner, true).await.unwrap(), 1);
    assert_eq!(first.docker.image(&tag).await.unwrap(), None);
    assert_eq!(first.docker.image(&cache).await.unwrap(), Some(id.clone()));

    let second = Home::new();
    let changed = format!("{lines}RUN true\n");
    let (newer, log) = second.build(&second.tag("two"), &changed).await.unwrap();
    assert!(log.contains("Using cache") && !log.contains("\ndear layer"), "{log}");
    second.docker.tag(&newer, &cache).await.unwrap();
    assert_eq!(second.docker.image(&cache).await.unwrap(), Some(newer.clone()));
    assert_eq!(second.docker.image(&id).await.unwrap(), None, "what lost its last name stays");
    second.docker.remove(&second.owner, true).await.unwrap();
    assert_eq!(second.docker.image(&cache).await.unwrap(), Some(newer));
    cli(&["rmi", &cache]).await;
    first.end().await;
    second.end().await;
}

#[tokio::test]
async fn an_image_that_lost_its_name_to_a_newer_build_goes_with_its_job() {
    let home = Home::new();
    let tag = home.tag("twice");
    let (old, _) = home.build(&tag, &format!("FROM {}\nENV A={tag}\n", base())).await.unwrap();
    let (new, _) = home.build(&tag, &format!("FROM {}\nENV B={tag}\n", base())).await.unwrap();
    assert_eq!(home.docker.remove(&home.owner, true).await.unwrap(), 2);
    for id in [old, new] {
        assert_eq!(home.docker.image(&id).await.unwrap(), None);
    }
}

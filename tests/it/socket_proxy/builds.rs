//! Builds: what a Dockerfile would fetch is seen before the engine does.

use std::fs;

use super::world::{World, image, send};

async fn build(world: &World, dockerfile: &str, args: &[&str]) -> super::world::Ran {
    fs::write(world.tree().join("Dockerfile"), dockerfile).unwrap();
    fs::write(world.tree().join("file"), "x").unwrap();
    let tag = format!("codingworker-{}", world.name);
    world.docker(&[&["build", "-t", &tag], args, &["."]].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_fetched_is_refused_in_words() {
    let world = World::new().await;
    let base = image();
    for (dockerfile, why) in [
        (
            "FROM no.such.example/image:1\n".to_owned(),
            "image `no.such.example/image:1` is not here",
        ),
        (format!("FROM {base}\nADD http://127.0.0.1:1/x /x\n"), "fetched by the engine itself"),
        (
            format!("FROM {base}\nARG U=http://127.0.0.1:1/x\nADD $U /x\n"),
            "fetched by the engine itself",
        ),
        (
            format!("FROM {base}\nCOPY --from=no-such-image /x /x\n"),
            "image `no-such-image` is not here",
        ),
        (
            format!("FROM {base}\nONBUILD ADD http://127.0.0.1:1/ /x\n"),
            "fetched by the engine itself",
        ),
        (format!("FROM --platform=linux/s390x {base}\n"), "is here for linux/"),
        (
            format!("FROM {base}\nRUN --mount=type=cache,target=/x true\n"),
            "docker.builder: buildkit",
        ),
    ] {
        let ran = build(&world, &dockerfile, &[]).await;
        assert!(ran.code != 0 && ran.err.contains(why), "{dockerfile}: {ran:?}");
    }
    assert_eq!(world.refused().len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn stages_arguments_and_labels_work() {
    let world = World::new().await;
    let base = image();
    let dockerfile = format!(
        "ARG BASE={base}\nFROM ${{BASE}} AS one\nRUN echo built > /out\n\
         FROM one\nARG WHO=nobody\nCOPY --from=one /out /copied\nCOPY file /file\nRUN echo $WHO\n"
    );
    let ran = build(&world, &dockerfile, &["--build-arg", "WHO=somebody", "--pull"]).await;
    assert!(ran.out.contains("somebody"), "{ran:?}");
    let tag = format!("codingworker-{}", world.name);
    let out = world.docker(&["run", "--rm", &tag, "cat", "/copied", "/file"]).await.ok();
    assert_eq!(out, "built\nx");
    let changed = world.heard.changed.lock().unwrap().clone();
    assert!(changed.iter().any(|it| it.contains("not fetched anew")), "{changed:?}");
    let failed = build(&world, &format!("FROM {base}\nRUN exit 3\n"), &[]).await;
    assert!(failed.err.contains("returned a non-zero code: 3"), "{failed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_image_that_another_job_built_is_not_here() {
    let one = World::new().await;
    let two = World::new().await;
    let base = image();
    build(&one, &format!("FROM {base}\nRUN true\n"), &[]).await.ok();
    let theirs = format!("codingworker-{}", one.name);
    let ran = build(&two, &format!("FROM {theirs}\n"), &[]).await;
    assert!(ran.err.contains("is not here"), "{ran:?}");
    let ran = two.docker(&["run", "--rm", &theirs, "true"]).await;
    assert_ne!(ran.code, 0, "{ran:?}");
}

/// Which Dockerfile is built is told by the last entry of an archive; a packed one hides it.
#[tokio::test(flavor = "multi_thread")]
async fn an_archive_cannot_hide_its_dockerfile() {
    let world = World::new().await;
    let good = format!("FROM {}\n", image());
    let bad = "FROM no.such.example/image:1\n";
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    let archive = |entries: &[(&str, Option<&str>)]| {
        let mut out = tar::Builder::new(Vec::new());
        for (name, text) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o644);
            match text {
                Some(text) => {
                    header.set_size(text.len() as u64);
                    out.append_data(&mut header, name, text.as_bytes()).unwrap();
                }
                None => out.append_link(&mut link.clone(), name, "other").unwrap(),
            }
        }
        out.into_inner().unwrap()
    };
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &archive(&[("Dockerfile", Some(bad))])).unwrap();
    for (context, why) in [
        (archive(&[("Dockerfile", Some(&good)), ("Dockerfile", Some(bad))]), "is not here"),
        (archive(&[("Dockerfile", Some(&good)), ("./Dockerfile", Some(bad))]), "is not here"),
        (archive(&[("dockerfile", Some(bad))]), "is not here"),
        (archive(&[("Dockerfile", None), ("other", Some(bad))]), "no plain file"),
        (archive(&[("x", Some(&good))]), "Cannot locate"),
        (packed.finish().unwrap(), "is not here"),
        ([b"BZh9".to_vec(), vec![0; 600]].concat(), "plain or packed"),
        (b"not an archive, but long enough to be one. ".repeat(100), "cannot be read"),
    ] {
        let head = format!(
            "POST /v1.41/build HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Content-Type: application/x-tar\r\nContent-Length: {}\r\n\r\n",
            context.len()
        );
        let (socket, bytes) = (world.socket(), [head.as_bytes(), &context].concat());
        let sent = tokio::task::spawn_blocking(move || send(&socket, &bytes));
        let (status, said) = sent.await.unwrap();
        assert!(matches!(status, 400 | 403) && said.contains(why), "{status} {said} ({why})");
    }
}

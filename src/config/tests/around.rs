//! `cage`, `docker`, `deps`, `aider.hosts`, and what `trust` says about them.

use super::*;

#[test]
fn without_a_word_about_it_the_cage_is_the_strongest_and_its_limits_are_the_usual_ones() {
    let config = Machine::new().load();
    assert_eq!(config.cage.level, CageChoice::Auto);
    assert_eq!(config.cage.limits, crate::cage::Limits::default());
    assert_eq!((config.docker.keep_images, config.docker.image), (false, None));
    assert_eq!(config.docker.builder, Builder::Classic);
    assert_eq!(config.deps.keep, Duration::from_secs(30 * 24 * 60 * 60));
    assert_eq!(config.deps.max_bytes, 20 << 30);
    assert!(config.aider.hosts.is_empty());
    assert!(config.trust.allow_native.is_empty() && config.trust.allow_network.is_empty());
    assert_eq!(config.warnings, Vec::<String>::new());
}

#[test]
fn what_is_around_foreign_code_is_read_from_the_file_and_the_environment() {
    let config = Machine::new()
        .file(
            "cage: {level: sandbox, memory_mb: 512, processes: 64, cpus: 0.5, tmp_mb: 100}\n\
             docker: {keep_images: true, image: 'registry.example:5000/team/worker:1.2@sha256:ab'}\n\
             deps: {keep_days: 1, max_gb: 2}\naider: {hosts: [API.example.com]}\n\
             trust: {allow_native: [acme/api, 7], allow_network: [acme/web]}\n",
        )
        .env("CODINGWORKER__CAGE__FILE_SIZE_MB", "10")
        .env("CODINGWORKER__CAGE__PROCESSES", "65")
        .env("CODINGWORKER__DOCKER__BUILDER", "buildkit")
        .env("CODINGWORKER__TRUST__ALLOW_NETWORK", "acme/docs, 8")
        .load();
    let limits = crate::cage::Limits {
        memory: 512 << 20,
        processes: 65,
        cpus: 0.5,
        file_size: 10 << 20,
        temporary: 100 << 20,
    };
    assert_eq!((config.cage.level, config.cage.limits), (CageChoice::Sandbox, limits));
    let image = config.docker.image.as_deref();
    assert_eq!(image, Some("registry.example:5000/team/worker:1.2@sha256:ab"));
    assert_eq!((config.docker.keep_images, config.docker.builder), (true, Builder::Buildkit));
    assert_eq!((config.deps.keep.as_secs(), config.deps.max_bytes), (86_400, 2 << 30));
    assert_eq!(config.aider.hosts, ["api.example.com"]);
    let named = |name: &str| Allowed::Name(name.parse().unwrap());
    assert_eq!(config.trust.allow_native, [named("acme/api"), Allowed::Id(7)]);
    assert_eq!(config.trust.allow_network, [named("acme/docs"), Allowed::Id(8)]);
    assert_eq!(Machine::new().env("CODINGWORKER__CAGE__CPUS", "2.5").load().cage.limits.cpus, 2.5);
}

#[test]
fn a_wrong_word_about_the_cage_names_what_is_right() {
    for (given, expected) in [
        ("cage: {level: sandbx}", "none of auto, sandbox, native: did you mean `sandbox`?"),
        ("cage: {memory: 1}", "unknown key `cage.memory`: did you mean `memory_mb`?"),
        ("cage: {memory_mb: 63}", "63 is out of range: expected 64 to 1048576"),
        ("cage: {processes: 15}", "15 is out of range: expected 16 to 65536"),
        ("cage: {cpus: 0}", "0 is out of range: expected 0.1 to 1024"),
        ("cage: {cpus: .nan}", "NaN is out of range"),
        ("cage: {cpus: many}", "expected a number from 0.1 to 1024, not `many`"),
        ("cage: {file_size_mb: 0}", "0 is out of range"),
        ("cage: {tmp_mb: 0}", "0 is out of range"),
        ("docker: {builder: kaniko}", "`kaniko` is none of classic, buildkit"),
        ("docker: {keep_images: perhaps}", "expected true or false, not `perhaps`"),
        ("docker: {image: --privileged}", "`--privileged` is no name of an image"),
        ("docker: {image: 'a b'}", "`a b` is no name of an image"),
        ("deps: {keep_days: 0}", "0 is out of range: expected 1 to 3650"),
        ("deps: {max_gb: 0}", "0 is out of range"),
        ("aider: {hosts: ['https://api.x.ai']}", "is no host's name: expected a host's name"),
        ("aider: {hosts: [169.254.169.254]}", "`169.254.169.254` is an address"),
        ("aider: {hosts: [localhost]}", "`localhost` is this machine"),
        ("trust: {allow_native: [acme]}", "`acme` is not a repository"),
        ("trust: {allow_network: ['*']}", "`*` is not a repository"),
        ("cgae: {level: auto}", "unknown section `cgae`: did you mean `cage`?"),
    ] {
        let found = complaint(given);
        assert!(found.contains(expected), "{given}\n{found}");
    }
}

#[test]
fn doing_without_a_cage_is_warned_of() {
    let warned = |text: &str| Machine::new().file(text).load().warnings;
    for (given, expected) in [
        ("cage: {level: native}", "cage.level is native: what a model writes runs with all"),
        ("trust: {native: always}", "every repository that the token may push to"),
        ("trust: {native: always, repositories: [a/b]}", "every repository in trust.repositories"),
        ("cage: {level: native}\ntrust: {native: never}", "every job is refused"),
        ("docker: {builder: buildkit}", "keeps none of the limits of `cage`"),
    ] {
        let warnings = warned(given);
        assert_eq!(warnings.len(), 1, "{given}: {warnings:?}");
        assert!(warnings[0].contains(expected), "{given}: {warnings:?}");
    }
    for fine in [
        "cage: {level: sandbox}\ntrust: {native: always}",
        "trust: {native: never}",
        "trust: {allow_native: [a/b], allow_network: [a/b]}",
    ] {
        assert_eq!(warned(fine), Vec::<String>::new(), "{fine}");
    }
}

#[test]
fn a_worker_that_runs_takes_what_can_change_and_names_what_cannot() {
    let running = Machine::new().load();
    let newer = Machine::new()
        .env("GITHUB_TOKEN", "another-token")
        .file(
            "worker: {state_dir: /elsewhere, slots: 3, language: ja}\n\
             sqs: {region: eu-west-1}\nhttp: {listen: off}\nlog: {level: debug, format: json}\n",
        )
        .load();
    let (taken, held) = newer.following(&running);
    assert_eq!(
        held,
        ["worker.state_dir", "sqs.region", "github.token", "http.listen", "log.format"]
    );
    assert_eq!((taken.worker.slots, taken.log.level.as_str()), (3, "debug"));
    assert_eq!(taken.worker.state_dir, running.worker.state_dir);
    assert_eq!((&taken.sqs.region, taken.github.token.is_none()), (&running.sqs.region, true));
    for setting in taken.origins().iter().filter(|it| held.contains(&it.key)) {
        assert!(running.origins().contains(setting), "`config` would show {setting:?}");
    }
}

#[test]
fn what_a_worker_cannot_change_stays_key_by_key() {
    // Two configurations that differ in everything that is fixed; where one of the keys were
    // forgotten, its setting would say one thing and the worker do another.
    let running = Machine::new().load();
    let newer = Machine::new()
        .file(
            "worker: {worker_id: other, state_dir: /other}\n\
             store: {url: 'postgres://other@127.0.0.1/other', password: other}\n\
             sqs: {queue_url: 'https://sqs.eu-west-1.amazonaws.com/1/q', region: eu-west-1, \
             wait_time_seconds: 3, visibility_timeout: 60}\n\
             github: {token: other, api_url: 'https://other/api/v3', git_url: 'https://other', \
             clone_base_dir: /other/work}\n\
             cage: {level: native}\naider: {bin_path: /other/aider}\ndocker: {image: other}\nhttp: {listen: 'unix:/other'}\n\
             otel: {endpoint: 'http://127.0.0.1:4318', headers: {A: b}}\nlog: {format: text}\n",
        )
        .load();
    let (taken, held) = newer.following(&running);
    let fixed: Vec<_> = KEYS.iter().map(|it| it.name).filter(|it| !reloadable(it)).collect();
    assert_eq!(held, fixed);
    let values = |it: &Config| {
        let mut shown = format!("{:?} {:?} {:?} {:?}", it.sqs, it.github, it.http, it.otel);
        shown += &format!(" {:?} {:?}", it.worker.worker_id, it.worker.state_dir);
        shown += &format!(" {:?}", it.aider.bin_path);
        shown += &format!(" {:?}", it.store);
        shown + &format!(" {:?} {:?} {:?}", it.cage.level, it.docker.image, it.log.format)
    };
    assert_eq!(values(&taken), values(&running));
}

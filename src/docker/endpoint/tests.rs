use std::collections::HashMap;
use std::os::unix::net::UnixListener;

use super::*;

/// A machine of our own: a root and a home in a temporary folder.
struct Machine {
    folder: tempfile::TempDir,
    env: HashMap<&'static str, String>,
}

impl Machine {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), env: HashMap::new() }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn socket(self, path: &str) -> Self {
        let place = self.path(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        // The name of a socket that nobody listens at stays.
        drop(UnixListener::bind(place).unwrap());
        self
    }

    fn set(mut self, name: &'static str, value: &str) -> Self {
        let here = self.folder.path().display().to_string();
        self.env.insert(name, value.replace("{}", &here));
        self
    }

    fn config(self, text: &str) -> Self {
        self.write("home/.docker/config.json", text);
        self
    }

    /// As `docker context create` writes it.
    fn context(self, name: &str, host: &str) -> Self {
        let id: String = Sha256::digest(name).iter().map(|it| format!("{it:02x}")).collect();
        let meta = format!(
            r#"{{"Name":"{name}","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}","SkipTLSVerify":false}}}}}}"#
        );
        self.write(&format!("home/.docker/contexts/meta/{id}/meta.json"), &meta);
        self
    }

    /// `by address`, with the folder's own name left out.
    fn found(&self) -> String {
        let env = |name: &str| self.env.get(name).cloned();
        let here = format!("{}/", self.folder.path().display());
        match find_below(&self.path(""), &env, &self.path("home")) {
            Found::Here(endpoint, by) => format!("{by}: {endpoint}"),
            Found::Nowhere { looked } => format!("nowhere of {}", looked.len()),
            Found::Unusable(why) => format!("unusable: {why}"),
        }
        .replace(&here, "")
    }
}

#[test]
fn the_engine_is_found_as_docker_finds_it() {
    let m = Machine::new;
    let run = "run/user/7";
    let table: Vec<(Machine, &str)> = vec![
        (m(), "nowhere of 8"),
        (m().socket("var/run/docker.sock"), "Docker's own place: unix://var/run/docker.sock"),
        (
            m().set("XDG_RUNTIME_DIR", "{}/run/user/7").socket(&format!("{run}/docker.sock")),
            "rootless Docker's place: unix://run/user/7/docker.sock",
        ),
        (
            m().socket("home/.docker/run/docker.sock"),
            "Docker Desktop's place: unix://home/.docker/run/docker.sock",
        ),
        (
            m().socket("home/.docker/desktop/docker.sock"),
            "Docker Desktop's place: unix://home/.docker/desktop/docker.sock",
        ),
        (
            m().socket("home/.orbstack/run/docker.sock"),
            "OrbStack's place: unix://home/.orbstack/run/docker.sock",
        ),
        (
            m().socket("home/.colima/default/docker.sock"),
            "Colima's place: unix://home/.colima/default/docker.sock",
        ),
        (
            m().set("XDG_RUNTIME_DIR", "{}/run/user/7")
                .socket(&format!("{run}/podman/podman.sock")),
            "rootless Podman's place: unix://run/user/7/podman/podman.sock",
        ),
        (m().socket("run/podman/podman.sock"), "Podman's place: unix://run/podman/podman.sock"),
        (
            m().socket("run/podman/podman.sock").socket("var/run/docker.sock"),
            "Docker's own place: unix://var/run/docker.sock",
        ),
        (
            m().set("DOCKER_HOST", "unix:///x/y.sock").set("DOCKER_CONTEXT", "gone"),
            "DOCKER_HOST: unix:///x/y.sock",
        ),
        (
            m().set("DOCKER_HOST", "").socket("var/run/docker.sock"),
            "Docker's own place: unix://var/run/docker.sock",
        ),
        (m().set("DOCKER_HOST", "unix://"), "DOCKER_HOST: unix:///var/run/docker.sock"),
        (m().set("DOCKER_HOST", "tcp://127.0.0.1:2375"), "DOCKER_HOST: tcp://127.0.0.1:2375"),
        (m().set("DOCKER_HOST", "tcp://localhost"), "DOCKER_HOST: tcp://127.0.0.1:2375"),
        (m().set("DOCKER_HOST", "tcp://[::1]:1/"), "DOCKER_HOST: tcp://[::1]:1"),
        (
            m().config(r#"{"currentContext":"colima"}"#).context("colima", "unix:///c.sock"),
            "context colima: unix:///c.sock",
        ),
        (
            m().config(r#"{"currentContext":"a"}"#)
                .context("a", "unix:///a")
                .context("b", "unix:///b")
                .set("DOCKER_CONTEXT", "b"),
            "context b: unix:///b",
        ),
        (
            m().context("b", "unix:///b")
                .set("DOCKER_CONTEXT", "b")
                .set("DOCKER_CONFIG", "{}/home/.docker"),
            "context b: unix:///b",
        ),
        (
            m().config(r#"{"auths":{},"currentContext":"default"}"#).socket("var/run/docker.sock"),
            "Docker's own place: unix://var/run/docker.sock",
        ),
        (
            m().config(r#"{"auths":{}}"#).socket("var/run/docker.sock"),
            "Docker's own place: unix://var/run/docker.sock",
        ),
    ];
    for (machine, expected) in table {
        assert_eq!(machine.found(), expected);
    }
}

#[test]
fn what_is_named_and_cannot_be_used_is_said_and_nothing_else_is_taken() {
    let m = || Machine::new().socket("var/run/docker.sock");
    let elsewhere = "an engine on another machine could not see the checkouts";
    let table: Vec<(Machine, [&str; 2])> = vec![
        (m().set("DOCKER_HOST", "ssh://me@build"), ["DOCKER_HOST", elsewhere]),
        (m().set("DOCKER_HOST", "tcp://192.168.1.2:2375"), ["192.168.1.2", elsewhere]),
        (m().set("DOCKER_HOST", "tcp://build:2375"), ["DOCKER_HOST", "DOCKER_HOST=unix:///"]),
        (m().set("DOCKER_HOST", "tcp://localhost.evil.org:1"), ["evil", elsewhere]),
        (m().set("DOCKER_HOST", "npipe:////./pipe/x"), ["npipe", "neither"]),
        (m().set("DOCKER_HOST", "unix://x.sock"), ["x.sock", "begins with `/`"]),
        (
            m().set("DOCKER_HOST", "tcp://127.0.0.1:2376").set("DOCKER_TLS_VERIFY", "1"),
            ["TLS", "unix:///"],
        ),
        (m().set("DOCKER_CONTEXT", "gone"), ["context `gone`", "docker context ls"]),
        (m().config(r#"{"currentContext":"gone"}"#), ["config.json", "docker context ls"]),
        (
            m().set("DOCKER_CONTEXT", "far").context("far", "ssh://me@build"),
            ["context far", elsewhere],
        ),
        (m().set("DOCKER_CONTEXT", "../../x"), ["context `../../x`", "docker context ls"]),
        (m().config("{oops"), ["home/.docker/config.json", "cannot be understood"]),
        (m().config("[]"), ["home/.docker/config.json", "no JSON object"]),
        (m().config(r#"{"currentContext":7}"#), ["home/.docker/config.json", "is no text"]),
        (m().set("DOCKER_CONTEXT", "b").context("b", ""), ["meta.json", "Endpoints.docker.Host"]),
    ];
    for (machine, words) in table {
        let found = machine.found();
        assert!(found.starts_with("unusable: "), "{found}");
        words.iter().for_each(|word| assert!(found.contains(word), "{found} has no {word}"));
    }
}

#[test]
fn a_file_at_a_usual_place_that_is_no_socket_is_passed_over() {
    let machine = Machine::new().socket("run/podman/podman.sock");
    machine.write("var/run/docker.sock", "");
    assert_eq!(machine.found(), "Podman's place: unix://run/podman/podman.sock");
}

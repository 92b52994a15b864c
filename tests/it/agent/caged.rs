//! The agent in a cage: a real Aider that needs no network, and a hostile one that looks for a
//! way out.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_real_aider_edits_without_a_network() {
    let world = World::caged([Reply::files(&[("a.py", NEW)])]).await;
    let edit = world.turn().await;
    assert_eq!(edit.verdict, EditVerdict::Answered);
    assert_eq!((edit.calls, edit.tokens.read), (1, 100));
    assert_eq!(world.read("a.py"), NEW);
    assert_eq!(world.names(), ["a.py", "other.py"]);
    assert_eq!(world.ollama.chats().len(), 1);
    world.ollama.assert_constant_num_ctx(8192);
    assert_eq!(world.processes(), [""; 0]);
}

/// An "Aider" that tries what foreign code would, and leaves a list of what it reached.
const SEEKER: &str = r#"#!/usr/bin/env python3
import glob, http.client, json, os, socket, sys
hunted = json.load(open(os.path.join(os.getcwd(), "hunted.json")))
def read(path):
    with open(path, "rb") as it:
        return it.read(1 << 20)
def call(port):
    socket.create_connection(("127.0.0.1", port), 5).close()
def environments():
    found = b""
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            found += read(path)
        except OSError:
            pass
    if b"ghp_canary" not in found:
        raise OSError("no token")
def write(path):
    with open(path, "w") as it:
        it.write("was here")
tries = {
    "a port of this machine": lambda: call(hunted["port"]),
    "the model's server": lambda: call(hunted["ollama"]),
    "a neighbour's signal": lambda: os.kill(hunted["neighbour"], 0),
    "a token in an environment": environments,
    "what it was given": lambda: write(hunted["given"]),
}
for path in hunted["secrets"]:
    tries[path] = lambda path=path: read(path)
reached = []
# The cage may have a folder of its own there: the test looks whether it is ours.
try:
    write(hunted["outside"])
except OSError:
    pass
for name, trial in tries.items():
    try:
        trial()
        reached.append(name)
    except OSError:
        pass
base = [it for it in sys.argv if it.startswith("--set-env=")][0].split("http://")[1]
def ask(method, path, body):
    way = http.client.HTTPConnection(base, timeout=30)
    way.request(method, path, json.dumps(body))
    return way.getresponse().status
refused = [ask("DELETE", "/api/delete", {"model": hunted["model"]}),
           ask("POST", "/api/pull", {"model": hunted["model"]}),
           ask("GET", "/api/tags", None),
           ask("POST", "/api/chat", {"model": "another"})]
spoke = ask("POST", "/api/chat", {"model": hunted["model"], "messages": []})
json.dump({"reached": sorted(reached), "refused": refused, "spoke": spoke,
           "environment": sorted(os.environ)}, open("found.json", "w"))
"#;

/// A worker's machine around the turn: what a seeker would like to have.
struct Machine {
    listener: std::net::TcpListener,
    neighbour: tokio::process::Child,
}

impl Machine {
    #[expect(clippy::disallowed_methods, reason = "a bystander, which no worker started")]
    fn around(world: &World) -> Self {
        let home = world.home.path();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let neighbour = tokio::process::Command::new("sleep")
            .arg("600")
            .env("GITHUB_TOKEN", "ghp_canary")
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let secrets = [".ssh/id_ed25519", "state/codingworker.db", "git/config", "other/tree/a.py"];
        for name in secrets {
            write(&home.join(name), "secret");
        }
        write(&world.tree().join(".env"), "THEIRS=1\n");
        let hidden = home.join("scratch/hidden/.env");
        let secrets: Vec<_> = secrets.map(|it| home.join(it)).into_iter().chain([hidden]).collect();
        let hunted = serde_json::json!({
            "port": listener.local_addr().unwrap().port(),
            "ollama": world.ollama.base().rsplit(':').next().unwrap().parse::<u16>().unwrap(),
            "neighbour": neighbour.id().unwrap(),
            "outside": home.join("outside.txt"),
            "given": home.join("scratch/given/settings.yml"),
            "secrets": secrets,
            "model": NAME,
        });
        write(&world.tree().join("hunted.json"), &hunted.to_string());
        Self { listener, neighbour }
    }
}

/// A turn of the seeker's, and what it found.
async fn sought(cage: Arc<dyn codingworker::cage::Cage>) -> (World, Machine, serde_json::Value) {
    let mut world = World::with([Reply::Text("No.".into())], limits()).await;
    let bin = world.home.path().join("tools/seeker");
    write(&bin, SEEKER);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&bin, mode).unwrap();
    let options = AiderOptions { bin, cage, ..options(world.ollama.base(), limits()) };
    world.aider = Aider::new(options).unwrap();
    let machine = Machine::around(&world);
    let seen = Seen::default();
    let edit = world.edit(PROMPT, &["a.py"], Some(&seen), &CancellationToken::new()).await;
    let seen = String::from_utf8(seen.0.into_inner().unwrap()).unwrap();
    assert_eq!(edit.unwrap().verdict, EditVerdict::Answered, "{seen}");
    let found = serde_json::from_str(&world.read("found.json")).unwrap();
    (world, machine, found)
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_code_in_the_agents_place_reaches_the_model_and_nothing_else() {
    let (world, _machine, found) = sought(sandbox().await).await;
    assert_eq!(found["reached"], serde_json::json!([]));
    assert!(!world.home.path().join("outside.txt").exists());
    assert_eq!(found["refused"], serde_json::json!([404, 404, 404, 403]));
    assert_eq!(found["spoke"], 200);
    assert_eq!(world.ollama.paths(), ["/api/chat"]);
    let names = found["environment"].to_string();
    for secret in ["TOKEN", "AWS_", "SSH_", "KEY\""] {
        assert!(!names.contains(secret), "{names}");
    }

    // The control: without a cage all of it is there.
    let (world, machine, found) = sought(Arc::new(Bare)).await;
    let reached = found["reached"].as_array().unwrap().len();
    assert_eq!(reached, 10, "{found}");
    assert!(world.home.path().join("outside.txt").exists());
    assert_eq!(found["refused"], serde_json::json!([404, 404, 404, 403]), "the recorder stands");
    assert_eq!(world.ollama.paths(), ["/api/chat"]);
    assert!(machine.listener.accept().is_ok() && machine.neighbour.id().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hosted_model_is_sought_at_its_vendor_and_nowhere_else() {
    let mut world = World::caged([]).await;
    // A name of ours that no resolver knows, and one that is not the vendor's.
    for (model, base, words) in [
        ("openai/scripted", "https://models.invalid/v1", "models.invalid could not be reached"),
        ("evil/scripted", "", "this model's vendor is elsewhere"),
    ] {
        let own = world.ollama.base().to_owned();
        let keys = [
            ("OPENAI_API_KEY", "k".to_owned()),
            ("HTTPS_PROXY", own.clone()),
            ("HTTP_PROXY", own),
            ("OPENAI_API_BASE", base.to_owned()),
        ];
        let bin = world.home.path().join("tools/hosted");
        write(&bin, HOSTED);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&bin, mode).unwrap();
        let bin = if base.is_empty() { bin } else { crate::setup::aider() };
        world.aider = Aider::new(AiderOptions {
            bin,
            env: keys.map(|(name, value)| (name.to_owned(), value.into())).into(),
            cage: sandbox().await,
            ..options("", limits())
        })
        .unwrap();
        world.model.name = model.into();
        let (seen, stop) = (Seen::default(), CancellationToken::new());
        let said = || String::from_utf8_lossy(&seen.0.lock().unwrap()).into_owned();
        // Aider tries again for a minute: it is stopped once it has said what it met.
        let met = async {
            while !said().contains(words) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            stop.cancel();
            std::future::pending::<()>().await;
        };
        let edit = tokio::select! {
            edit = world.edit(PROMPT, &["a.py"], Some(&seen), &stop) => edit,
            () = met => unreachable!(),
        };
        assert!(said().contains(words), "{}\n{edit:?}", said());
        assert_eq!(world.ollama.paths(), [""; 0], "the proxy of the keys' file was used");
    }
}

/// Asks the proxy for a host of its own choice.
const HOSTED: &str = r#"#!/usr/bin/env python3
import os, socket
assert "HTTP_PROXY" not in os.environ and os.environ["NO_PROXY"] == ""
host, port = os.environ["HTTPS_PROXY"].removeprefix("http://").split(":")
way = socket.create_connection((host, int(port)), 30)
way.sendall(b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n")
print(way.recv(100))
"#;

//! The bridge by itself, without a cage: the binary as it is started inside of one.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use codingworker::domain::verification::Exit;
use codingworker::process::{self, Ended, Spec};
use tokio_util::sync::CancellationToken;

use super::PATH;

/// `script` behind a bridge to `socket`; its `$1` and `$WAY` are the bridge's address.
fn bridged(socket: &Path, script: &str) -> Spec {
    let address = "{codingworker-bridge}";
    let args = [socket.to_str().unwrap(), "sh", "-c", script, "sh", address];
    Spec {
        args: ["__bridge"].iter().chain(&args).map(Into::into).collect(),
        env: vec![
            ("PATH".into(), PATH.into()),
            ("WAY".into(), format!("http://{address}/").into()),
            ("PLAIN".into(), "kept".into()),
        ],
        keep: 1 << 20,
        ..Spec::new(env!("CARGO_BIN_EXE_codingworker"), "/", Duration::from_secs(60))
    }
}

async fn run(spec: Spec) -> Ended {
    process::run(spec, None, &CancellationToken::new()).await.unwrap()
}

fn out(ended: &Ended) -> String {
    String::from_utf8([ended.stdout.head.clone(), ended.stdout.tail.clone()].concat()).unwrap()
}

/// A server that sends back what it gets, each connection for itself, until the test is over.
fn echo(folder: &Path) -> PathBuf {
    let socket = folder.join("s");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || back(stream));
        }
    });
    socket
}

fn back(mut stream: UnixStream) {
    let mut bytes = Vec::new();
    if stream.read_to_end(&mut bytes).is_ok() {
        let _ = stream.write_all(&bytes);
    }
}

/// Python's part: `ask(bytes)` sends them, closes its half, and gives back all that comes.
const ASK: &str = "
import socket, sys, threading
host, port = sys.argv[1].split(':')
def ask(sent):
    it = socket.create_connection((host, int(port)), 30)
    threading.Thread(target=lambda: (it.sendall(sent), it.shutdown(socket.SHUT_WR))).start()
    got = b''
    while piece := it.recv(65536):
        got += piece
    return got
";

fn python(body: &str) -> String {
    format!("exec python3 -c \"{ASK}{body}\" \"$1\"")
}

#[tokio::test]
async fn its_child_gets_the_address_and_the_rest_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run(bridged(&echo(folder.path()), "echo $1; echo $WAY $PLAIN; echo err >&2")).await;
    let said = out(&ended);
    let mut lines = said.lines();
    let address = lines.next().unwrap();
    assert!(address.starts_with("127.0.0.1:"), "{said}");
    assert_eq!(lines.next().unwrap(), format!("http://{address}/ kept"));
    assert_eq!(ended.stderr.head, b"err\n");
}

#[tokio::test]
async fn it_ends_as_its_child_does() {
    let folder = tempfile::tempdir().unwrap();
    let socket = echo(folder.path());
    for (script, exit) in [
        ("exit 0", Exit::Code(0)),
        ("exit 7", Exit::Code(7)),
        ("exit 255", Exit::Code(255)),
        ("kill -KILL $$", Exit::Signal(9)),
        ("kill -TERM $$", Exit::Signal(15)),
        ("kill -SEGV $$", Exit::Signal(11)),
    ] {
        assert_eq!(run(bridged(&socket, script)).await.exit, exit, "{script}");
    }
    let mut missing = bridged(&socket, "");
    missing.args[2] = "no-such-program".into();
    let ended = run(missing).await;
    assert_eq!(ended.exit, Exit::Code(127));
    let said = String::from_utf8(ended.stderr.head).unwrap();
    assert!(said.contains("no-such-program"), "{said}");
    let bare = Spec { args: vec!["__bridge".into()], ..bridged(&socket, "") };
    assert_eq!(run(bare).await.exit, Exit::Code(2));
}

/// A container's engine signals the first process alone; here that is the bridge.
#[tokio::test]
async fn a_signal_to_it_alone_reaches_its_child() {
    let folder = tempfile::tempdir().unwrap();
    // In its first moments the bridge itself would end by it.
    let script = "trap 'echo told; exit 3' TERM; status=/proc/$PPID/status
        while [ -e $status ] && ! grep -q 'SigBlk:.*4003$' $status; do sleep 0.01; done
        kill -TERM $PPID; while :; do sleep 0.05; done";
    let ended = run(bridged(&echo(folder.path()), script)).await;
    assert_eq!((out(&ended).as_str(), ended.exit), ("told\n", Exit::Code(3)));
}

#[tokio::test]
async fn large_bodies_pass_both_ways_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let script = python("sent = bytes(range(256)) * (1 << 16)\nprint(ask(sent) == sent)");
    assert_eq!(out(&run(bridged(&echo(folder.path()), &script)).await), "True\n");
}

#[tokio::test]
async fn many_connections_at_once_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let body = "
import concurrent.futures
sent = [str(n).encode() * 1000 for n in range(200)]
with concurrent.futures.ThreadPoolExecutor(40) as pool:
    print(list(pool.map(ask, sent)) == sent)";
    assert_eq!(out(&run(bridged(&echo(folder.path()), &python(body))).await), "True\n");
}

#[tokio::test]
async fn where_nobody_listens_a_connection_ends_and_the_bridge_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let body = "
def tried():
    try:
        return ask(b'x')
    except OSError:
        return b''
print([tried() for _ in range(3)])";
    let gone = folder.path().join("gone");
    let ended = run(bridged(&gone, &python(body))).await;
    assert_eq!((out(&ended).as_str(), ended.exit), ("[b'', b'', b'']\n", Exit::Code(0)));
}

#[tokio::test]
async fn a_socket_deep_below_is_reached() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("d".repeat(150));
    std::fs::create_dir(&deep).unwrap();
    let near = echo(folder.path());
    std::fs::rename(near, deep.join("s")).unwrap();
    let ended = run(bridged(&deep.join("s"), &python("print(ask(b'hello'))"))).await;
    assert_eq!(out(&ended), "b'hello'\n");
}

//! What GitHub answers, or whatever stands in its place: `code_host::github`, through its doors.
//!
//! A server on this machine answers every request of a call with the same head and body.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use codingworker::code_host::github::{GitHub, GitHubOptions};
use codingworker::code_host::{CodeHost, Draft, HostError, MOST_DIFF, Watch};
use codingworker::domain::change::{Change, ObjectId};
use codingworker::domain::job::Person;
use codingworker::domain::task::{CommentKind, CommentRef, Repository};
use codingworker::engine::watch::List;
use codingworker::retry::RetryPolicy;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const TOKEN: &str = "github_pat_11HUSH_4f1c7d_never_to_be_seen";
/// A call that asks more often than this was led around.
const MOST_REQUESTS: usize = 200;

pub(crate) const WORDS: &[&str] = &[
    "link: <http://HERE/x?page=2>; rel=\"next\", <http://HERE/x?page=4294967295>; rel=\"last\"\n",
    "location: http://HERE/again\n",
    "location: http://THERE/elsewhere\n",
    "retry-after: 9223372036854775807\n",
    "x-ratelimit-remaining: 0\n",
    "x-ratelimit-reset: 9223372036854775807\n",
    "x-poll-interval: -5\n",
    "date: Sat, 21 Nov 2026 04:20:00 GMT\n",
    "etag: \"x\"\n",
    "{\"message\":\"",
    "\\u001b[31m",
    "null",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"id\":18446744073709551616",
    "\"created_at\":\"2026-11-21T04:20:00Z\"",
    "\"created_at\":\"-999999-01-01T00:00:00Z\"",
    "\"user\":null",
    "\"body\":null",
    "301",
    "304",
    "403",
    "422",
    "429",
    "500",
];

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
    asked: usize,
}

struct Place {
    runtime: Runtime,
    here: String,
    there: String,
    answer: Arc<Mutex<Answer>>,
    elsewhere: Arc<Mutex<usize>>,
    client: OnceCell<GitHub>,
}

thread_local! {
    static PLACE: Place = Place::open();
}

impl Place {
    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = Arc::new(Mutex::new(Answer {
            status: 200,
            head: String::new(),
            body: vec![],
            asked: 0,
        }));
        let elsewhere = Arc::new(Mutex::new(0));
        let (here, there) = runtime.block_on(async {
            let listen = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
            let (ours, other) = (listen().await, listen().await);
            let addresses = (ours.local_addr().unwrap(), other.local_addr().unwrap());
            let (answer, elsewhere) = (answer.clone(), elsewhere.clone());
            tokio::spawn(async move {
                while let Ok((stream, _)) = ours.accept().await {
                    tokio::spawn(serve(stream, answer.clone()));
                }
            });
            tokio::spawn(async move {
                while other.accept().await.is_ok() {
                    *elsewhere.lock().unwrap() += 1;
                }
            });
            addresses
        });
        Self {
            runtime,
            here: here.to_string(),
            there: there.to_string(),
            answer,
            elsewhere,
            client: OnceCell::new(),
        }
    }
}

async fn serve(mut stream: tokio::net::TcpStream, answer: Arc<Mutex<Answer>>) {
    let (mut asked, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        // One request: its head, and the body that its length says.
        while let Some(end) = asked.windows(4).position(|it| it == b"\r\n\r\n").map(|it| it + 4) {
            let head = String::from_utf8_lossy(&asked[..end]).to_lowercase();
            let length = head.lines().find_map(|it| it.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |it| it.trim().parse().unwrap());
            if asked.len() < end + length {
                break;
            }
            asked.drain(..end + length);
            let reply = {
                let mut answer = answer.lock().unwrap();
                answer.asked += 1;
                let Answer { status, head, body, .. } = &*answer;
                let bodiless = matches!(status, 204 | 304);
                let body = if bodiless { &[][..] } else { body };
                let head =
                    format!("HTTP/1.1 {status} X\r\n{head}content-length: {}\r\n\r\n", body.len());
                [head.as_bytes(), body].concat()
            };
            if stream.write_all(&reply).await.is_err() {
                return;
            }
        }
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(read) => asked.extend_from_slice(&piece[..read]),
        }
    }
}

/// The first byte is what is asked, three digits the status; then headers, a blank line, a body.
///
/// # Panics
/// Where a law is broken.
pub(crate) fn check(data: &[u8]) {
    let (what, rest) = data.split_first().unwrap_or((&b'a', &[]));
    let (status, rest) = rest.split_at(rest.len().min(3));
    let status = std::str::from_utf8(status).ok().and_then(|it| it.parse().ok());
    let status = status.filter(|it| (200..600).contains(it)).unwrap_or(200);
    let end = rest.windows(2).position(|it| it == b"\n\n");
    let (head, body) = end.map_or((&[][..], rest), |at| (&rest[..at], &rest[at + 2..]));
    PLACE.with(|place| {
        let head = String::from_utf8_lossy(head).replace("HERE", &place.here);
        let head: String = head.replace("THERE", &place.there).lines().filter_map(header).collect();
        *place.answer.lock().unwrap() = Answer { status, head, body: body.to_vec(), asked: 0 };
        let words = place.runtime.block_on(async {
            let options = GitHubOptions {
                retry: RetryPolicy::never(),
                ..GitHubOptions::new(format!("http://{}", place.here), SecretString::from(TOKEN))
            };
            // A client remembers who it is to GitHub, and another answer is another GitHub.
            match what {
                b'h' | b'p' | b'q' => ask(&GitHub::new(options).unwrap(), *what).await,
                _ => {
                    let client = place.client.get_or_init(|| GitHub::new(options).unwrap());
                    ask(client, *what).await
                }
            }
        });
        let asked = place.answer.lock().unwrap().asked;
        assert!(asked <= MOST_REQUESTS, "it asked {asked} times");
        assert_eq!(*place.elsewhere.lock().unwrap(), 0, "it was led to another host");
        if let Err(error) = words {
            is_sound(&error);
        }
    });
}

/// A header that HTTP can carry, but for those that say where the body ends.
fn header(line: &str) -> Option<String> {
    let (name, value) = line.split_once(':')?;
    let named = !name.is_empty() && name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
    let framing = ["content-length", "transfer-encoding", "connection", "upgrade", "trailer"];
    let plain = value.bytes().all(|it| (b' '..0x7f).contains(&it));
    (named && plain && !framing.contains(&name.to_lowercase().as_str()))
        .then(|| format!("{name}:{value}\r\n"))
}

async fn ask(github: &GitHub, what: u8) -> Result<(), HostError> {
    let repository: Repository = "acme/api".parse().unwrap();
    let comment = CommentRef { kind: CommentKind::IssueComment, id: 5 };
    let at = &repository;
    match what {
        b'a'..=b'd' => {
            let list = List::ALL[usize::from(what - b'a')];
            let look = github.look(at, list, "ai-task", 1, Some("\"etag\"")).await?;
            assert!(look.wait.is_none_or(|it| it <= Duration::from_secs(3_900)));
            assert!(
                list != List::Issues
                    || look.page.iter().flat_map(|it| &it.items).all(|it| !it.on_pull)
            );
        }
        b'e' => drop(github.labelled(at, 1, "ai-task").await?),
        b'f' => drop(Watch::reviews(github, at, 1).await?),
        b'g' => drop(github.repository(at).await?),
        b'h' => drop(github.me().await?),
        b'i' => {
            let person = Person { id: 1, login: "ann".to_owned() };
            github.permission(at, &person).await?;
        }
        b'j' => drop(github.pull(at, 1).await?),
        b'k' => assert!(github.diff(at, 1).await?.len() <= MOST_DIFF + 100),
        b'l' => drop(github.remark(at, 1, comment).await?),
        b'm' => {
            let remarks = github.remarks(at, 1, None).await?;
            assert!(remarks.is_sorted_by_key(|it| it.created_at), "not the oldest first");
        }
        b'n' => drop(github.issue(at, 1, "ai-task").await?),
        b'o' => {
            let change =
                Change { branch: "ai/issue-1".to_owned(), commit: ObjectId("c0ffee".to_owned()) };
            let (base, title, body) = ("main".to_owned(), "t".to_owned(), "b".to_owned());
            drop(github.open(at, &change, &Draft { base, title, body, draft: true }).await?);
        }
        b'p' => drop(github.say(at, 1, "<!-- m -->", Some(1), "<!-- m --> b").await?),
        b'q' => drop(github.say(at, 1, "<!-- m -->", None, "<!-- m --> b").await?),
        _ => github.label(at, 1, &["done"], &["ai-task"]).await?,
    }
    Ok(())
}

fn is_sound(error: &HostError) {
    let words = error.to_string();
    assert!(!words.is_empty() && words.chars().count() < 1_500, "{} characters", words.len());
    assert!(!words.contains(TOKEN), "it shows the token");
    assert!(!words.contains(['\u{1b}', '\n', '\r', '\0']), "{words:?}");
    assert!(error.wait().is_none_or(|it| it <= Duration::from_secs(65 * 60)), "{words}");
}

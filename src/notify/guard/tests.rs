use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::domain::time::Timestamp;
use crate::notify::{NotifyError, client};

mod forms;
use forms::{INSIDE, LOOPBACK, OUTSIDE};

/// A resolver that knows some names, and gives each its answers one after the other; the last one
/// again and again. A name that it does not know is refused.
#[derive(Default)]
struct Names {
    answers: Mutex<Vec<(String, VecDeque<Vec<IpAddr>>)>>,
    asked: AtomicUsize,
}

impl Names {
    fn new<const N: usize>(answers: [(&str, &[&[&str]]); N]) -> Arc<Self> {
        let parse = |it: &&[&str]| it.iter().map(|it| it.parse().unwrap()).collect();
        let answers = answers.map(|(name, all)| (name.to_owned(), all.iter().map(parse).collect()));
        Arc::new(Self { answers: Mutex::new(answers.into()), asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let known = answers.iter_mut().find(|it| it.0 == host);
        let all = known.ok_or_else(|| std::io::Error::other("no such name"))?;
        let next = if all.1.len() > 1 { all.1.pop_front() } else { all.1.front().cloned() };
        Ok(next.unwrap())
    }
}

/// Counts who connects, and answers each with a status and headers.
struct Canary {
    port: u16,
    hits: Arc<AtomicUsize>,
}

impl Canary {
    async fn answering(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let hits = Arc::new(AtomicUsize::new(0));
        let counted = hits.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut read = [0; 4096];
                let _ = stream.read(&mut read).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { port, hits }
    }

    async fn start() -> Self {
        Self::answering("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await
    }

    fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}

/// The guard with all but its judgement of addresses taken away: so it is that alone that is seen.
fn judging(resolver: Arc<dyn Resolve>) -> Guard {
    Guard { resolver, private: false, any_port: true, plain: true }
}

/// The guard switched off, as far as an operator can.
fn off(resolver: Arc<dyn Resolve>) -> Guard {
    Guard::new(true).resolving_by(resolver)
}

async fn post(guard: &Guard, url: &str) -> Result<(), NotifyError> {
    let address = guard.web(url)?;
    client::post(guard, &address, &[], "{}".to_owned(), Timestamp(0)).await
}

fn names() -> Arc<Names> {
    Names::new([
        ("canary.example", &[&["127.0.0.1"]]),
        ("canary.example.", &[&["127.0.0.1"]]),
        ("xn--bcher-kva.example", &[&["127.0.0.1"]]),
    ])
}

#[tokio::test]
async fn however_this_machine_is_written_nothing_is_sent_there_and_without_the_guard_it_is() {
    let canary = Canary::start().await;
    for form in LOOPBACK {
        let url = form.replace(":P", &format!(":{}", canary.port));
        let before = canary.hits();
        let error = post(&judging(names()), &url).await.unwrap_err();
        assert!(
            matches!(error, NotifyError::Guarded(GuardError::Private { .. })),
            "{form}: {error}"
        );
        assert_eq!(canary.hits(), before, "{form} reached the canary");
        let reached = post(&off(names()), &url).await;
        assert!(
            reached.is_ok() && canary.hits() == before + 1,
            "the attack fails: {form} {reached:?}"
        );
    }
}

#[test]
fn what_leads_inside_is_refused_and_what_is_anybodys_is_not() {
    for text in INSIDE {
        assert_ne!(reach(text.parse().unwrap()), Reach::Public, "{text}");
    }
    for text in OUTSIDE {
        assert_eq!(reach(text.parse().unwrap()), Reach::Public, "{text}");
    }
}

#[tokio::test]
async fn a_name_is_as_good_as_the_worst_of_its_addresses() {
    for text in INSIDE {
        let names = Names::new([("mixed.example", &[&["8.8.8.8", text, "1.1.1.1"]])]);
        let guard = Guard::new(false).resolving_by(names);
        let address = guard.web("https://mixed.example/").unwrap();
        let error = guard.find_web(&address).await.unwrap_err();
        assert_eq!(error.fault(), Fault::Permanent, "{text}: {error}");
        assert!(guard.mail(text, 587, false).is_err(), "{text}");
    }
    let names = Names::new([("fine.example", &[&OUTSIDE])]);
    let guard = Guard::new(false).resolving_by(names);
    let address = guard.web("https://fine.example/").unwrap();
    assert_eq!(guard.find_web(&address).await.unwrap().len(), OUTSIDE.len());
}

#[tokio::test]
async fn metadata_services_and_nowhere_are_refused_to_whoever_allows_private_addresses_too() {
    for text in [
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fe80::1",
        "0.0.0.0",
        "::",
        "224.0.0.1",
    ] {
        let names = Names::new([("meta.example", &[&[text]])]);
        let guard = off(names);
        let address = guard.web("https://meta.example/").unwrap();
        let error = guard.find_web(&address).await.unwrap_err();
        assert!(matches!(error, GuardError::Never { .. }), "{text}: {error}");
    }
    let names = Names::new([("nas.example", &[&["192.168.1.5"]])]);
    let guard = off(names);
    let found = guard.find_web(&guard.web("https://nas.example:8443/x").unwrap()).await.unwrap();
    assert_eq!(found, ["192.168.1.5:8443".parse().unwrap()]);
    // Without TLS to this machine alone.
    let error = guard.find_web(&guard.web("http://nas.example/x").unwrap()).await.unwrap_err();
    assert_eq!(error, GuardError::Unencrypted("nas.example".to_owned()));
}

#[test]
fn an_address_that_could_be_read_in_two_ways_is_none() {
    let guard = Guard::new(false);
    for bad in [
        "",
        "https://",
        "hooks.example/x",
        "//hooks.example/x",
        "http://hooks.example/x",
        "ftp://hooks.example/x",
        "file:///etc/passwd",
        "gopher://hooks.example:25/_x",
        "javascript:alert(1)",
        "data:text/plain,x",
        "unix:/var/run/docker.sock",
        "https://user@hooks.example/x",
        "https://user:pass@hooks.example/x",
        "https://@hooks.example/x",
        "https://hooks.example@127.0.0.1/x",
        "https://hooks.example%40127.0.0.1/x",
        "https://hooks.example\\@127.0.0.1/x",
        "https:\\\\127.0.0.1\\x",
        "https://hooks.example/x#y",
        "https://hooks.example:22/x",
        "https://hooks.example:8443/x",
        "https://hooks.example:99999/x",
        "https://hooks .example/x",
        "https://hooks.example/x\r\nHost: y",
        "https://hooks.example/\tx",
        "https://[::1/x",
        "https://[fe80::1%25eth0]/x",
        "https://127.0.0.1/x",
        "https://0/x",
        "https://192.168.0.1/x",
        "https://1.2.3.4.5/x",
        "https://256.0.0.1/x",
    ] {
        assert!(guard.web(bad).is_err(), "{bad} was taken");
    }
    for good in ["https://hooks.slack.com/services/T0/B0/x", "https://h.example:443/x?wait=true"] {
        assert!(guard.web(good).is_ok(), "{good}");
    }
    for (host, port, plain) in [
        ("localhost", 587, true),
        ("10.0.0.1", 587, false),
        ("m.example", 22, false),
        ("a b", 25, false),
    ] {
        assert!(guard.mail(host, port, plain).is_err(), "{host}:{port}");
    }
    assert!(guard.mail("smtp.example.org", 465, false).is_ok());
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_asked_once_and_held_to_its_word() {
    let canary = Canary::start().await;
    // Public at the first look, this machine at the second: what a checker and a client that each
    // resolve by themselves would see.
    let rebinding = || Names::new([("rebind.example", &[&["192.0.2.200"], &["127.0.0.1"]])]);
    let url = format!("http://rebind.example:{}/", canary.port);
    let names = rebinding();
    // (Documentation's addresses stand for public ones here: nothing must leave this machine.)
    let guard = judging(names.clone());
    let address = guard.web(&url).unwrap();
    assert!(matches!(guard.find_web(&address).await, Err(GuardError::Never { .. })));
    assert_eq!(names.asked.load(Ordering::SeqCst), 1);
    // The attack: look twice, and connect to what came second.
    let names = rebinding();
    let address = off(names.clone()).web(&url).unwrap();
    let _ = off(names.clone()).find_web(&address).await;
    client::post(&off(names.clone()), &address, &[], String::new(), Timestamp(0)).await.unwrap();
    assert_eq!((canary.hits(), names.asked.load(Ordering::SeqCst)), (1, 2));
    // First this machine, then elsewhere: the client asks once, and goes to what was judged.
    let names = Names::new([("rebind.example", &[&["127.0.0.1"], &["192.0.2.200"]])]);
    post(&off(names.clone()), &url).await.unwrap();
    assert_eq!((canary.hits(), names.asked.load(Ordering::SeqCst)), (2, 1));
}

#[tokio::test]
async fn a_redirect_is_not_followed_whatever_it_leads_to() {
    static TARGET: std::sync::OnceLock<&'static str> = std::sync::OnceLock::new();
    let canary = Canary::start().await;
    let answer = TARGET.get_or_init(|| {
        let to = format!("http://127.0.0.1:{}/", canary.port);
        let text = format!(
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: {to}\r\nconnection: close\r\n\
             content-length: 0\r\n\r\n"
        );
        Box::leak(text.into_boxed_str())
    });
    let moved = Canary::answering(answer).await;
    let url = format!("http://127.0.0.1:{}/", moved.port);
    let error = post(&off(names()), &url).await.unwrap_err();
    assert!(error.to_string().contains("redirects are not followed"), "{error}");
    assert_eq!((error.fault(), moved.hits(), canary.hits()), (Fault::Permanent, 1, 0));
    // A client that does follow reaches it.
    let followed = reqwest::Client::builder().no_proxy().build().unwrap().post(&url).send().await;
    assert!(followed.is_ok() && canary.hits() == 1, "the attack fails");
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_tried_again_later() {
    let guard = judging(names());
    let error = guard.find_web(&guard.web("https://none.example/").unwrap()).await.unwrap_err();
    assert!(matches!(error, GuardError::Unresolved { .. }), "{error}");
    assert_eq!(error.fault(), Fault::Transient);
    let empty = judging(Names::new([("empty.example", &[&[]])]));
    let error = empty.find_web(&empty.web("https://empty.example/").unwrap()).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Transient);
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_hangs_is_left_alone() {
    struct Hanging;
    #[async_trait]
    impl Resolve for Hanging {
        async fn resolve(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
            std::future::pending().await
        }
    }
    let guard = judging(Arc::new(Hanging));
    let error = guard.find_web(&guard.web("https://a.example/").unwrap()).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Transient);
}

#[test]
fn no_error_and_no_debug_output_shows_the_address() {
    let guard = Guard::new(false);
    let key = "T0KEY/B0KEY/verysecretkey";
    let address = guard.web(&format!("https://hooks.slack.com/services/{key}")).unwrap();
    assert!(!format!("{address:?}").contains("verysecret"));
    assert!(address.secrets().iter().any(|it| it.expose_secret().ends_with(key)));
    for bad in
        ["http://h.example/", "https://u@h.example/", "https://h.example:1/", "https://10.0.0.1/"]
    {
        let error = guard.web(&format!("{bad}{key}")).unwrap_err().to_string();
        assert!(!error.contains("verysecret"), "{error}");
    }
}

//! What every channel keeps to: strangers' words stay words, secrets stay here, a service's own
//! limits are kept, and its refusals are told apart.

use codingworker::domain::job::Fault;
use codingworker::domain::time::Timestamp;
use codingworker::engine::notice::{Kind, Notice};
use codingworker::engine::report::Language;
use codingworker::notify::discord::Discord;
use codingworker::notify::email::{Account, Email};
use codingworker::notify::slack::Slack;
use codingworker::notify::webhook::Webhook;
use codingworker::notify::{Channel, Encryption, Guard, Parcel, Words};
use codingworker::redact::Redactor;
use secrecy::SecretString;

use super::sinks::{SECRET, Sinks};

const TOKEN: &str = "ghp_0123456789abcdefghijABCDEFGHIJ456789";

/// Titles that call people, lead astray, give orders or break out of where they are.
const HOSTILE: [&str; 12] = [
    "@everyone @here @channel look",
    "<!channel> <!here> <!everyone> <@U012AB3CD> <#C01>",
    "<@123456789012345678> <@&123456789012345678>",
    "<https://evil.example|your bank>",
    "[your bank](https://evil.example) **b** __u__ ||s|| ```c",
    "a\r\nBcc: victim@example.org\r\nX-Evil: 1\r\n\r\nbody",
    "a\nBcc: victim@example.org",
    "\u{1b}]52;c;eA==\u{7}\u{1b}[2J",
    "\r\n.\r\nMAIL FROM:<evil@example.org>\r\n",
    "\"}, \"allowed_mentions\": {\"parse\": [\"everyone\"]}, {\"",
    "日本語のタイトル 😀",
    "abc\u{202e}gnp.exe\u{0}",
];

fn words() -> Words {
    let redactor = Redactor::new([SecretString::from(TOKEN)]);
    Words { language: Language::En, template: None, redactor }
}

fn channels(sinks: &Sinks) -> Vec<(&'static str, Box<dyn Channel>)> {
    let guard = || Guard::new(true);
    let at = |path: &str| guard().web(&sinks.url(path)).unwrap();
    let secret = Some(SecretString::from(SECRET));
    let account = Account {
        server: guard().mail("127.0.0.1", sinks.port("plain"), true).unwrap(),
        encryption: Encryption::None,
        from: "CodingWorker <worker@example.org>".parse().unwrap(),
        to: vec!["me@example.org".parse().unwrap()],
        login: None,
    };
    vec![
        ("slack", Box::new(Slack::new(guard(), at("slack"), words()))),
        ("discord", Box::new(Discord::new(guard(), at("discord"), words()))),
        ("hook", Box::new(Webhook::new(guard(), at("hook"), secret, words()))),
        ("mail", Box::new(Email::new(guard(), account, words()))),
    ]
}

/// As a store of an older version might hold it: with nothing cleaned.
fn parcel(title: &str, number: usize) -> Parcel {
    let notice = Notice {
        kind: Kind::Failure,
        at: Timestamp(0),
        worker: "box".to_owned(),
        repository: "acme/calc".to_owned(),
        issue: 7,
        job: "0123456789ab".to_owned(),
        title: title.to_owned(),
        outcome: "could not be done".to_owned(),
        reason: format!("{title} with {TOKEN}"),
        url: "https://github.com/acme/calc/issues/7".to_owned(),
    };
    Parcel { delivery: format!("delivery-{number}"), notice, at: (codingworker::app::clock())() }
}

#[tokio::test]
async fn no_title_calls_anybody_breaks_out_or_takes_a_secret_along_in_any_service() {
    let sinks = Sinks::start();
    for (name, channel) in channels(&sinks) {
        for (number, title) in HOSTILE.iter().enumerate() {
            let sent = channel.send(&parcel(title, number)).await;
            assert!(sent.is_ok(), "{name}: {title:?}: {sent:?}");
        }
        // As long as nobody's words are.
        channel.send(&parcel(&"😀<@everyone>".repeat(3_000), HOSTILE.len())).await.unwrap();
        let got = sinks.got(name);
        assert_eq!(got.len(), HOSTILE.len() + 1, "{name}");
        for it in &got {
            assert_eq!(it["pings"].as_array().map(Vec::len), Some(0), "{name}: {it}");
            let said = it.to_string();
            assert!(!said.contains(TOKEN) && !said.contains("ghp_"), "{name}: {said}");
            assert!(!said.contains("\\u001b") && !said.contains("\\u0007"), "{name}: {said}");
        }
    }
    for mail in sinks.got("mail") {
        let headers = mail["headers"].as_object().unwrap();
        assert!(!headers.contains_key("bcc") && !headers.contains_key("x-evil"), "{mail}");
        assert_eq!(mail["to"].as_array().map(Vec::len), Some(1), "{mail}");
        assert_eq!(mail["sender"].as_str().map(|it| it.contains("worker@example.org")), Some(true));
        assert_eq!(headers["auto-submitted"], "auto-generated");
    }
    let delivered = sinks
        .got("hook")
        .iter()
        .map(|it| it["headers"]["x-codingworker-delivery"].clone())
        .collect::<Vec<_>>();
    assert_eq!(delivered[3], "delivery-3");
}

#[tokio::test]
async fn a_service_that_finds_a_ping_would_say_so() {
    // The control of the test above: the same services, and a sender without manners.
    let sinks = Sinks::start();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (name, body) in [
        ("slack", r#"{"text": "<!channel> look", "link_names": true}"#),
        ("discord", r#"{"content": "@everyone look"}"#),
    ] {
        let post = client.post(sinks.url(name)).header("content-type", "application/json");
        assert!(post.body(body).send().await.unwrap().status().is_success());
        assert_eq!(sinks.got(name)[0]["pings"].as_array().map(Vec::len), Some(1), "{name}");
    }
    let unsigned = client.post(sinks.url("hook")).header("content-type", "application/json");
    assert_eq!(unsigned.body("{}").send().await.unwrap().status(), 401);
    let long = format!(r#"{{"content": "{}"}}"#, "x".repeat(2_001));
    let long =
        client.post(sinks.url("discord")).header("content-type", "application/json").body(long);
    assert_eq!(long.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_refusal_that_stays_is_told_from_one_that_passes() {
    let sinks = Sinks::start();
    for (name, channel) in channels(&sinks).into_iter().filter(|it| it.0 != "mail") {
        for (mode, fault, wait) in [
            ("busy", Fault::Transient, Some(1)),
            ("away", Fault::Transient, None),
            ("gone", Fault::Permanent, None),
        ] {
            sinks.mode(mode);
            let error = channel.send(&parcel("t", 0)).await.unwrap_err();
            assert_eq!(error.fault(), fault, "{name}, {mode}: {error}");
            assert_eq!(error.wait().map(|it| it.as_secs()), wait, "{name}, {mode}");
            assert!(!error.to_string().contains(name), "the address is shown: {error}");
        }
        sinks.mode("ok");
    }
    let guard = Guard::new(true);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = guard.web(&format!("http://{nobody}/secret/path")).unwrap();
    let error = Slack::new(guard, address, words()).send(&parcel("t", 0)).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Transient);
    assert!(!error.to_string().contains("secret/path"), "{error}");
}

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;
use crate::config::{Config, LoadOptions};

fn options() -> LoadOptions {
    let env = [("SLACK", "https://hooks.slack.com/services/T0KEY/B0KEY/verysecretkey")];
    LoadOptions {
        explicit: None,
        env: env.map(|(k, v)| (k.to_owned(), v.to_owned())).into_iter().collect::<BTreeMap<_, _>>(),
        cwd: PathBuf::from("/nowhere"),
        home: PathBuf::from("/nowhere"),
        etc: PathBuf::from("/nowhere"),
        host_name: "box".to_owned(),
    }
}

fn load(channels: &str) -> Result<Config, String> {
    let text = format!("notify:\n  channels: {channels}\n");
    Config::parse(&text, &options()).map_err(|error| error.to_string())
}

const MAIL: &str = "host: smtp.example.org, from: w@example.org, to: [a@example.org]";

#[test]
fn a_channel_says_where_it_leads_and_the_rest_is_as_people_expect() {
    let config = load("[{kind: slack, url: '${SLACK}'}]").unwrap();
    let [channel] = config.notify.channels.as_slice() else { panic!("{:?}", config.notify) };
    assert_eq!((channel.name.as_str(), channel.sink.kind()), ("slack", "slack"));
    assert_eq!((channel.events.as_slice(), channel.allow_private), (Kind::USUAL.as_slice(), false));
    assert_eq!((config.notify.max_per_hour, config.notify.model_quiet.as_secs()), (30, 120));
    let text = format!(
        "[{{name: mail, kind: email, {MAIL}, port: 465, tls: implicit, username: w, \
         password: correct-horse, events: failure, repositories: acme/api, template: '{{title}}'}}]"
    );
    let config = load(&text).unwrap();
    let channel = &config.notify.channels[0];
    assert_eq!(channel.events, [Kind::Failure]);
    assert_eq!(channel.repositories, ["acme/api".parse().unwrap()]);
    assert!(channel.template.is_some());
    assert_eq!(load("[{kind: log, events: all}]").unwrap().notify.channels[0].events.len(), 9);
}

#[test]
fn the_address_of_a_chat_is_a_secret_and_so_is_all_that_signs_or_logs_in() {
    let text = format!(
        "[{{kind: slack, url: '${{SLACK}}'}}, {{kind: webhook, url: 'https://h.example/x?key=0123456789abcdef', \
         secret: signing-secret-of-mine}}, {{kind: email, {MAIL}, username: w, password: correct-horse}}]"
    );
    let config = load(&text).unwrap();
    let shown = format!("{config:?}") + &serde_json::to_string(config.origins()).unwrap();
    let redactor = crate::redact::Redactor::new(config.secrets());
    for secret in ["verysecretkey", "0123456789abcdef", "signing-secret", "correct-horse"] {
        assert!(!shown.contains(secret), "{secret} is shown: {shown}");
    }
    for said in [
        "to https://hooks.slack.com/services/T0KEY/B0KEY/verysecretkey",
        "POST /services/T0KEY/B0KEY/verysecretkey",
        "https://h.example/x?key=0123456789abcdef",
        "signing-secret-of-mine",
        "correct-horse",
    ] {
        assert!(redactor.text(said).contains("***"), "{said}");
    }
}

#[test]
fn what_is_wrong_with_a_channel_is_said_with_its_place_and_never_with_its_address() {
    for (channels, says) in [
        ("{kind: log}", "expected a list of channels, not a map"),
        ("[log]", "channel 1: expected `{name: …, kind: …}`, not `log`"),
        ("[{kind: log}, {kind: slak}]", "channel 2: `kind`: `slak` is none of slack, discord,"),
        ("[{kind: slak}]", "did you mean `slack`?"),
        ("[{kind: log, evnets: all}]", "unknown key `evnets`: did you mean `events`?"),
        ("[{kind: log, events: [failur]}]", "did you mean `failure`?"),
        ("[{kind: log, events: [failur]}]", "`events`: `failur` is none of all, failure,"),
        ("[{kind: log}, {kind: log}]", "channel 2: another is named `log` too"),
        ("[{kind: log, name: 'a b'}]", "`name`: expected at most 64 letters"),
        ("[{kind: log, url: 'https://h.example'}]", "`url` is not for a channel of the kind log"),
        ("[{kind: slack}]", "channel 1: `url` is missing"),
        ("[{kind: slack, url: 'http://h.example/secretpart'}]", "`url`: is plain http"),
        ("[{kind: discord, url: 'https://10.0.0.1/secretpart'}]", "set `allow_private: true`"),
        (
            "[{kind: webhook, url: 'https://h.example/secretpart', secret: short}]",
            "openssl rand -hex 32",
        ),
        ("[{kind: log, repositories: [acme]}]", "`repositories`: `acme` is not a repository"),
        (
            "[{kind: log, template: '{titel}'}]",
            "`template`: `{titel}` is no place: there are event,",
        ),
        ("[{kind: log, allow_private: maybe}]", "`allow_private`: expected true or false"),
        ("[{kind: email, from: a@b.example, to: c@d.example}]", "`host` is missing"),
        ("[{kind: email, host: s.example, from: a@b.example}]", "`to`: expected 1 to 32 mailboxes"),
        (
            "[{kind: email, host: s.example, from: 'a@b.example\\r\\nBcc: x', to: c@d.example}]",
            "no mailbox",
        ),
        ("[{kind: email, host: s.example, port: 0, from: a, to: b}]", "`port`: 0 is out of range"),
        ("[{kind: email, host: s.example, tls: ssl, from: a, to: b}]", "`tls`: `ssl` is none of"),
        (
            "[{kind: email, host: s.example, tls: none, from: a, to: b}]",
            "without TLS nothing is sent",
        ),
        (
            "[{kind: email, host: s.example, username: w, from: a@b.example, to: a@b.example}]",
            "go together",
        ),
        ("[{kind: slack, url: {file: /nowhere/x}}]", "cannot read /nowhere/x"),
        ("[{kind: slack, url: '${NOT_SET}'}]", "the variable NOT_SET is not set"),
    ] {
        let error = load(channels).unwrap_err();
        assert!(error.contains(says), "{channels}: {error}");
        assert!(error.starts_with("config.yaml:2: `notify.channels`: "), "{error}");
        assert!(!error.contains("secretpart"), "{error}");
    }
    let error = load("[{kind: slak}, {kind: log, evnets: all}]").unwrap_err();
    assert_eq!(error.lines().count(), 2, "all of it at once: {error}");
}

/// The shipped configuration, as somebody has it who follows its comments above `channels`.
fn template_with_its_examples() -> String {
    let mut in_examples = false;
    let followed = crate::config::TEMPLATE.lines().map(|line| {
        let example = line.strip_prefix("  # ").filter(|it| it.starts_with("- {"));
        let more = line.strip_prefix("  #    ").filter(|_| in_examples);
        in_examples = example.is_some() || more.is_some();
        match (line, example, more) {
            ("  channels: []", ..) => "  channels:".to_owned(),
            (_, Some(it), _) => format!("  {it}"),
            (_, _, Some(it)) => format!("     {it}"),
            _ => line.to_owned(),
        }
    });
    followed.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_shipped_configuration_has_an_example_of_each_kind_and_all_of_them_load() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("discord");
    std::fs::write(&file, "https://discord.com/api/webhooks/1/a-key-that-is-long\n").unwrap();
    let only_ours = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, only_ours).unwrap();
    let text = template_with_its_examples();
    let text = text.replace("/etc/codingworker/discord", file.to_str().unwrap());
    let mut options = options();
    options.env = [
        ("SLACK_WEBHOOK", "https://hooks.slack.com/services/T0/B0/a-key-that-is-long"),
        ("HOOK_SECRET", "0123456789abcdef0123456789abcdef"),
        ("SMTP_PASSWORD", "correct-horse"),
    ]
    .map(|(k, v)| (k.to_owned(), v.to_owned()))
    .into();
    let config = Config::parse(&text, &options).unwrap();
    let channels = &config.notify.channels;
    assert_eq!(channels.iter().map(|it| it.sink.kind()).collect::<Vec<_>>(), KINDS);
    assert_eq!(channels.last().unwrap().events.len(), Kind::CHOICE.len());
}

#[test]
fn the_page_about_notifications_has_every_key_of_a_channel_for_the_kinds_that_take_it() {
    let page = include_str!("../../../docs/notifications.md");
    let rows = page.lines().filter_map(|it| it.strip_prefix("| `")?.split_once("` | "));
    let rows: BTreeMap<&str, &str> = rows.collect();
    for key in CHANNEL_KEYS {
        let kinds = rows.get(key).unwrap_or_else(|| panic!("no row for `{key}`"));
        let kinds = kinds.split(" | ").next().unwrap();
        for kind in KINDS {
            let says = load(&format!("[{{kind: {kind}, {key}: x}}]")).err().unwrap_or_default();
            let taken = !says.contains("is not for a channel");
            assert_eq!(kinds == "all" || kinds.contains(kind), taken, "{key}, {kind}: {says}");
        }
    }
}

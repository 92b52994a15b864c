use super::*;

fn facts() -> Facts {
    Facts {
        repository: "acme/api".parse().unwrap(),
        id: 456,
        owner_id: 123,
        default_branch: "main".to_owned(),
        public: false,
        archived: false,
        has_issues: true,
        may_push: true,
        admin: true,
        token: Token { login: Some("worker".to_owned()), scopes: None },
        labels: Default::default(),
        cloud: Some(Cloud {
            actions: Seen::Known(Actions { enabled: true, allowed: Some("all".to_owned()) }),
            variables: Seen::Known(BTreeMap::new()),
            environment: Seen::Known(None),
            files: BTreeMap::new(),
            proposal: None,
            subject: Seen::Known(Subject { default: true, ..Subject::default() }),
        }),
    }
}

fn cloud(change: impl FnOnce(&mut Cloud)) -> Facts {
    let mut facts = facts();
    change(facts.cloud.as_mut().unwrap());
    facts
}

fn shipped() -> BTreeMap<String, String> {
    WORKFLOWS.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

fn way() -> Way {
    Way::Queue(Settings {
        role_arn: Value::Asked("arn:aws:iam::123456789012:role/sender".to_owned()),
        region: Value::Configured("eu-west-1".to_owned()),
        queue_url: Value::Configured("https://sqs.eu-west-1.amazonaws.com/1/q".to_owned()),
    })
}

/// The plan in short: each step's name, state and words.
fn told(facts: &Facts, way: &Way) -> String {
    let one = |it: Step| format!("{:?} {}: {}\n", it.state, it.name, it.detail);
    plan(facts, way).into_iter().map(one).collect()
}

#[track_caller]
fn step(facts: &Facts, name: &str) -> Step {
    let found = plan(facts, &way()).into_iter().find(|it| it.name == name);
    found.unwrap_or_else(|| panic!("no step {name}"))
}

#[test]
fn of_a_fresh_repository_all_is_to_be_done() {
    insta::assert_snapshot!(told(&facts(), &way()), @r"
    Done token: of worker, administrator of acme/api
    Done repository: acme/api, private, default branch main
    Todo label ai-task: make it: Asks CodingWorker to turn this issue into a pull request
    Todo label ai-task-done: make it: CodingWorker has opened a pull request for this issue
    Todo label ai-task-failed: make it: CodingWorker could not do this; its comment says why
    Todo variable CW_ROLE_ARN: set it to arn:aws:iam::123456789012:role/sender
    Todo variable CW_REGION: set it to eu-west-1
    Todo variable CW_QUEUE_URL: set it to https://sqs.eu-west-1.amazonaws.com/1/q
    Better environment codingworker: make it, for the branch main alone
    Todo workflows: open a pull request from codingworker/setup that adds them
    Done identity: sub is repo:acme/api:environment:codingworker
    ");
}

#[test]
fn of_a_connected_repository_nothing_is() {
    let mut facts = cloud(|it| {
        let Way::Queue(settings) = way() else { return };
        let value = |it| match it {
            Value::Asked(it) | Value::Configured(it) => it,
            Value::Unknown => String::new(),
        };
        let all = [settings.role_arn, settings.region, settings.queue_url].map(value);
        let named = VARIABLES.map(str::to_owned).into_iter().zip(all);
        it.variables = Seen::Known(named.collect());
        let branches = Branches::Named(vec!["main".to_owned()]);
        it.environment = Seen::Known(Some(Environment { waits: false, branches }));
        it.files = shipped();
    });
    facts.labels = LABELS.iter().map(|it| it.name.to_owned()).collect();
    let steps = plan(&facts, &way());
    assert!(steps.iter().all(|it| it.state == State::Done && it.deed.is_none()), "{steps:#?}");
}

#[test]
fn without_aws_labels_are_all_there_is() {
    let names: Vec<String> = plan(&facts(), &Way::Poll).into_iter().map(|it| it.name).collect();
    let labels = ["label ai-task", "label ai-task-done", "label ai-task-failed"];
    assert_eq!(names, [&["token", "repository"][..], &labels].concat());
}

#[test]
fn what_may_not_be_changed_at_all_has_no_further_steps() {
    for spoilt in [Facts { archived: true, ..facts() }, Facts { may_push: false, ..facts() }] {
        let steps = plan(&spoilt, &way());
        assert_eq!(steps.len(), 2, "{steps:#?}");
        assert_eq!((steps[1].state, steps[1].deed.is_none()), (State::Cannot, true));
    }
}

#[test]
fn a_classic_token_tells_beforehand_what_it_has_not_got() {
    let scopes = |list: &[&str]| {
        let scopes = Some(list.iter().map(|it| (*it).to_owned()).collect());
        Facts { token: Token { login: None, scopes }, ..facts() }
    };
    assert_eq!(step(&scopes(&["repo", "workflow"]), "workflows").state, State::Todo);
    let narrow = scopes(&["repo"]);
    assert_eq!(step(&narrow, "workflows").state, State::Cannot);
    assert!(step(&narrow, "token").detail.contains("scope `workflow`"));
    // An empty list stands for a token that has no scopes at all.
    assert_eq!(step(&scopes(&[]), "workflows").state, State::Todo);
}

#[test]
fn a_pull_request_is_opened_awaited_or_brought_up_to_date() {
    let open = Proposed { number: 7, url: "https://x/7".to_owned() };
    let proposed = |files, pull: Option<&Proposed>| {
        cloud(|it| it.proposal = Some(Proposal { files, pull: pull.cloned() }))
    };
    let waiting = step(&proposed(shipped(), Some(&open)), "workflows");
    assert_eq!((waiting.state, waiting.deed.is_some()), (State::Yours, false));
    let stale = step(&proposed(BTreeMap::new(), Some(&open)), "workflows");
    assert!(stale.state == State::Todo && stale.detail.contains("#7"), "{stale:?}");
    let bare = step(&proposed(shipped(), None), "workflows");
    assert!(bare.state == State::Todo && bare.detail.starts_with("open"), "{bare:?}");
}

#[test]
fn a_private_repository_may_do_without_a_limited_environment() {
    let name = "environment codingworker";
    assert_eq!(step(&facts(), name).state, State::Better);
    assert_eq!(step(&Facts { public: true, ..facts() }, name).state, State::Todo);
    let refusal = |facts: &Facts, status| refused(step(facts, name), facts, status, "no").state;
    assert_eq!(refusal(&facts(), 422), State::Warn);
    assert_eq!(refusal(&facts(), 403), State::Cannot);
    assert_eq!(refusal(&Facts { public: true, ..facts() }, 422), State::Cannot);
}

#[test]
fn the_subject_is_what_github_says_it_is() {
    let facts = facts();
    let of = |subject| terraform::subjects(&facts, &subject);
    let known = |it| of(Seen::Known(it));
    let old = "repo:acme/api:environment:codingworker";
    let new = "repo:acme@123/api@456:environment:codingworker";
    let default = Subject { default: true, ..Subject::default() };
    assert_eq!(known(default.clone()), [old]);
    assert_eq!(known(Subject { immutable: Some(true), ..default.clone() }), [new]);
    let prefix = Some("repo:Acme@123/Api@456".to_owned());
    let named = Subject { immutable: Some(true), prefix, ..default };
    assert_eq!(known(named), ["repo:Acme@123/Api@456:environment:codingworker"]);
    let keys = |list: &[&str]| Subject {
        keys: list.iter().map(|it| (*it).to_owned()).collect(),
        ..Subject::default()
    };
    assert_eq!(known(keys(&["repo", "context"])), [old]);
    assert_eq!(known(keys(&["actor"])), [""; 0]);
    assert_eq!(of(Seen::Hidden(String::new())), [new, old]);
}

#[test]
fn terraform_gets_a_block_that_no_name_breaks_out_of() {
    let mut facts = cloud(|_| ());
    facts.default_branch = "a\"${b}%{c}".to_owned();
    let cloud = facts.cloud.as_ref().unwrap();
    insta::assert_snapshot!(terraform::entry(&facts, cloud), @r#"
    repositories = [
      {
        # owner_id: 123
        # sub: repo:acme/api:environment:codingworker
        # job_workflow_ref: acme/api/.github/workflows/ai-task.yml@refs/heads/a"${b}%{c}
        # job_workflow_ref: acme/api/.github/workflows/ai-fix.yml@refs/heads/a"${b}%{c}
        name             = "acme/api"
        id               = "456"
        subject_prefixes = ["repo:acme/api"]
        default_branch   = "a\"$${b}%%{c}"
      },
    ]
    "#);
}

#[test]
fn a_region_is_read_off_a_queues_address() {
    for (url, region) in [
        ("https://sqs.eu-west-1.amazonaws.com/1/q", Some("eu-west-1")),
        ("https://sqs-fips.us-gov-west-1.amazonaws.com/1/q", Some("us-gov-west-1")),
        ("https://sqs.cn-north-1.amazonaws.com.cn/1/q", Some("cn-north-1")),
        ("https://sqs.example.com/1/q", None),
        ("http://127.0.0.1:4566/1/q", None),
        ("", None),
    ] {
        assert_eq!(region_of(url), region, "{url}");
    }
}

#[test]
fn labels_have_what_github_takes() {
    for label in LABELS {
        assert!(label.description.chars().count() <= 100, "{}", label.name);
        assert!(label.color.len() == 6 && label.color.bytes().all(|it| it.is_ascii_hexdigit()));
    }
}

#[test]
fn the_pull_request_names_each_file_in_both_languages() {
    use crate::engine::report::Language;
    for language in [Language::En, Language::Ja] {
        let body = words::body(language);
        assert!(WORKFLOWS.iter().all(|(path, _)| body.contains(path)), "{body}");
        assert!(words::title(language).chars().count() < 100);
    }
}

#[test]
fn a_repository_that_is_connected_both_ways_is_warned_of() {
    let mut it = Own {
        trusted: None,
        native: "private",
        polls: true,
        polled: true,
        queue_url: Some("https://sqs.eu-west-1.amazonaws.com/1/q".to_owned()),
        queue: None,
    };
    let polls = |it: &Own, way: &Way| {
        let steps = own(&facts(), way, it).into_iter();
        steps.filter(|it| it.name == "poll").map(|it| it.state).collect::<Vec<_>>()
    };
    assert_eq!(polls(&it, &way()), [State::Warn]);
    assert_eq!(polls(&it, &Way::Poll), [State::Done]);
    it.polled = false;
    assert_eq!(polls(&it, &way()), []);
    (it.polls, it.polled) = (false, true);
    assert_eq!(polls(&it, &way()), []);
}

use super::super::Status;
use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000_000); // 2027-01-15T08:00:00Z

fn facts(kind: TokenKind) -> TokenFacts {
    let login = Some("me".to_owned());
    TokenFacts { kind, login, scopes: None, expires: None, server_time: None }
}

fn may() -> Permissions {
    Permissions {
        facts: RepositoryFacts {
            id: 1,
            default_branch: "main".to_owned(),
            public: false,
            archived: false,
            may_push: true,
        },
        role: "write",
        has_issues: true,
        reads_issues: true,
        reads_pull_requests: true,
    }
}

fn judged(may: &Permissions, native: Native, listed: bool) -> Vec<Finding> {
    judged_by(may, Trust { listed, caged: false, native, named: false })
}

fn judged_by(may: &Permissions, trust: Trust) -> Vec<Finding> {
    judge_permissions(&"o/r".parse().unwrap(), may, trust)
}

#[test]
fn the_narrow_token_is_the_good_one() {
    for (kind, status) in [
        (TokenKind::FineGrained, Status::Ok),
        (TokenKind::Classic, Status::Warn),
        (TokenKind::Login, Status::Warn),
        (TokenKind::Installation, Status::Warn),
        (TokenKind::Unknown, Status::Ok),
    ] {
        assert_eq!(judge_token(&facts(kind), NOW)[0].status, status, "{kind:?}");
    }
}

#[test]
fn a_classic_token_needs_the_scope_repo() {
    let judged = |scopes: &[&str]| {
        let scopes: Vec<String> = scopes.iter().map(|it| (*it).to_owned()).collect();
        judge_scopes(&scopes).map(|it| it.status)
    };
    assert_eq!(judged(&["repo", "gist"]), Some(Status::Ok));
    assert_eq!(judged(&["public_repo"]), Some(Status::Warn));
    assert_eq!(judged(&["gist"]), Some(Status::Fail));
    assert_eq!(judged(&[]), None);
}

#[test]
fn a_token_that_ends_soon_is_doubted_and_one_that_ended_fails() {
    for (expires, status) in [
        ("2027-03-01 00:00:00 UTC", Status::Ok),
        ("2027-01-16 00:00:00 UTC", Status::Warn),
        ("2027-01-16 09:00:00 +0900", Status::Warn),
        ("2027-01-15 07:59:59 UTC", Status::Fail),
        ("some day", Status::Info),
    ] {
        assert_eq!(judge_expiry(expires, NOW).status, status, "{expires}");
    }
}

#[test]
fn a_clock_may_be_a_minute_off_but_not_five() {
    for (seconds, status) in [
        (0, Status::Ok),
        (60, Status::Ok),
        (61, Status::Warn),
        (-300, Status::Warn),
        (301, Status::Fail),
        (-400, Status::Fail),
    ] {
        let ours = Timestamp(NOW.0 + seconds * 1_000);
        assert_eq!(judge_clock(ours, NOW).status, status, "{seconds}");
    }
    assert!(judge_clock(Timestamp(NOW.0 - 90_000), NOW).detail.contains("90 s behind"));
}

#[test]
fn what_a_job_would_be_refused_for_is_said_beforehand() {
    assert_eq!(judged(&may(), Native::Private, true)[0].status, Status::Ok);
    let words = |change: &dyn Fn(&mut Permissions)| {
        let mut may = may();
        change(&mut may);
        let found = judged(&may, Native::Private, true);
        assert!(found.iter().all(|it| it.status == Status::Fail && it.remedy.is_some()));
        found[0].detail.clone()
    };
    assert!(words(&|it| it.facts.archived = true).contains("archived"));
    assert!(words(&|it| it.facts.may_push = false).contains("may not push"));
    assert!(words(&|it| it.facts.public = true).contains("is public"));
    assert!(words(&|it| it.has_issues = false).contains("has no issues"));
    assert!(words(&|it| it.reads_issues = false).contains("read the issues"));
    assert!(words(&|it| it.reads_pull_requests = false).contains("pull requests"));
    assert!(judged(&may(), Native::Private, false)[0].detail.contains("trust.repositories"));
    assert!(judged(&may(), Native::Never, true)[0].detail.contains("without a cage"));
    let mut public = may();
    public.facts.public = true;
    assert_eq!(judged(&public, Native::Always, true)[0].status, Status::Ok);
}

#[test]
fn a_public_repository_needs_a_cage_or_its_name_on_the_operators_list() {
    let mut public = may();
    public.facts.public = true;
    let bare = Trust { listed: true, caged: false, native: Native::Never, named: false };
    for (trust, status) in [
        (bare, Status::Fail),
        (Trust { native: Native::Private, ..bare }, Status::Fail),
        (Trust { caged: true, ..bare }, Status::Ok),
        (Trust { named: true, ..bare }, Status::Ok),
    ] {
        assert_eq!(judged_by(&public, trust)[0].status, status);
    }
    let remedy = judged_by(&public, bare).remove(0).remedy.unwrap();
    assert!(remedy.contains("`cage` above") && remedy.contains("o/r into `trust.allow_native`"));
}

#[test]
fn a_refused_token_and_a_host_that_is_away_have_remedies_of_their_own() {
    let bad = judge_refusal(&HostError::BadToken("Bad credentials".to_owned()), "https://x");
    assert_eq!((bad.name, bad.status), ("github token", Status::Fail));
    let away = judge_refusal(&HostError::Unavailable("no route".to_owned()), "https://x");
    assert!(away.detail.starts_with("https://x") && away.remedy.unwrap().contains("api_url"));
}

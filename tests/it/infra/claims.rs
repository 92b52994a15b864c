//! Whom the senders' trust policies let in: the policies as Terraform renders them, the tokens of
//! `tests/fixtures/claims/tokens.json`. Each token says which repositories' roles it opens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use super::judge::admits;
use super::tools::{fixture, policy};

/// Both forms of the subject, the older one alone with another branch, the immutable one alone.
const THREE: &str = r#"
environment = "prod"
account_id  = "123456789012"
region      = "ap-northeast-1"
repositories = [
  { name = "acme/widgets", id = "700000001", subject_prefixes = ["repo:acme@5000001/widgets@700000001", "repo:acme/widgets"] },
  { name = "acme/gears", id = "700000002", subject_prefixes = ["repo:acme/gears"], default_branch = "trunk" },
  { name = "acme/cogs", id = "700000003", subject_prefixes = ["repo:acme@5000001/cogs@700000003"] },
]
"#;

const HOST: &str = "token.actions.githubusercontent.com";
const WIDGETS: &str = "700000001";

/// Each repository's trust policy, by the repository's number.
type Policies = BTreeMap<String, Value>;

fn rendered() -> &'static Policies {
    static ONCE: OnceLock<Policies> = OnceLock::new();
    ONCE.get_or_init(|| {
        let outputs = policy(THREE);
        let documents = outputs["sender_trust"].as_object().unwrap().iter();
        documents
            .map(|(id, text)| (id.clone(), serde_json::from_str(text.as_str().unwrap()).unwrap()))
            .collect()
    })
}

struct Case {
    name: String,
    token: Map<String, Value>,
    admitted_by: BTreeSet<String>,
}

fn cases() -> Vec<Case> {
    let file = fixture("claims/tokens.json");
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    let case = |it: &Value| {
        let mut token = file["tokens"][it["of"].as_str().unwrap()].as_object().unwrap().clone();
        for (claim, value) in it["with"].as_object().into_iter().flatten() {
            token.insert(claim.clone(), value.clone());
        }
        for claim in it["without"].as_array().into_iter().flatten() {
            token.remove(claim.as_str().unwrap());
        }
        let admitted_by = it["admitted_by"].as_array().unwrap().iter().map(text).collect();
        Case { name: text(&it["name"]), token, admitted_by }
    };
    file["cases"].as_array().unwrap().iter().map(case).collect()
}

/// The cases that the policies judge otherwise than they should.
fn wrong(policies: &Policies) -> Vec<String> {
    let judged = |case: &Case| -> BTreeSet<String> {
        let opens = |it: &(&String, &Value)| admits(it.1, &case.token).unwrap();
        policies.iter().filter(opens).map(|(id, _)| id.clone()).collect()
    };
    cases().iter().filter(|it| judged(it) != it.admitted_by).map(|it| it.name.clone()).collect()
}

#[test]
fn every_token_opens_the_roles_that_it_should_and_no_other() {
    let all = cases();
    let names: BTreeSet<_> = all.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names.len(), all.len(), "each case has a name of its own");
    let refused = all.iter().filter(|it| it.admitted_by.is_empty()).count();
    assert!(refused >= 40 && all.len() - refused >= 8, "{refused} of {}", all.len());
    assert_eq!(wrong(rendered()), Vec::<String>::new());
}

#[test]
fn a_trust_policy_asks_four_claims_by_string_equals_alone() {
    for (id, policy) in rendered() {
        let condition = policy["Statement"][0]["Condition"].as_object().unwrap();
        assert_eq!(condition.keys().collect::<Vec<_>>(), ["StringEquals"], "{id}");
        let asked: BTreeSet<_> = condition["StringEquals"].as_object().unwrap().keys().collect();
        let four = ["aud", "job_workflow_ref", "repository_id", "sub"];
        assert!(asked.iter().copied().eq(four.map(|it| format!("{HOST}:{it}")).iter()), "{id}");
        assert!(!policy.to_string().contains('*') && !policy.to_string().contains('?'), "{id}");
    }
}

/// The condition of widgets' policy, changed by `loosen`.
fn loosened(loosen: impl Fn(&mut Map<String, Value>)) -> Policies {
    let mut policies = rendered().clone();
    let policy = policies.get_mut(WIDGETS).unwrap();
    loosen(policy["Statement"][0]["Condition"].as_object_mut().unwrap());
    policies
}

fn without(claim: &str) -> Policies {
    loosened(|it| {
        let asked = it["StringEquals"].as_object_mut().unwrap();
        asked.remove(&format!("{HOST}:{claim}")).unwrap();
    })
}

fn by_pattern(claim: &str, pattern: &str) -> Policies {
    loosened(|it| {
        let key = format!("{HOST}:{claim}");
        it["StringEquals"].as_object_mut().unwrap().remove(&key).unwrap();
        it.insert("StringLike".to_owned(), json!({key: pattern}));
    })
}

fn with_subject(more: &str) -> Policies {
    loosened(|it| {
        let subjects = &mut it["StringEquals"][format!("{HOST}:sub")];
        subjects.as_array_mut().unwrap().push(more.into());
    })
}

fn by_operator(operator: &str) -> Policies {
    loosened(|it| {
        let asked = it.remove("StringEquals").unwrap();
        it.insert(operator.to_owned(), asked);
    })
}

/// One statement for two repositories: their claims can be mixed.
fn in_one_statement() -> Policies {
    let other = rendered()["700000002"]["Statement"][0]["Condition"]["StringEquals"].clone();
    loosened(move |it| {
        for (key, value) in it["StringEquals"].as_object_mut().unwrap() {
            let both = [value.clone(), other[key].clone()].into_iter();
            let flat = both.flat_map(|it| it.as_array().cloned().unwrap_or_else(|| vec![it]));
            *value = flat.collect();
        }
    })
}

/// The control of the whole: a judge that lets nobody in, or fixtures that try nothing, would be
/// quiet about these too.
#[test]
fn each_policy_that_is_looser_lets_somebody_in() {
    let loose = [
        ("any subject of the owner", by_pattern("sub", "repo:acme*"), "another environment"),
        ("any subject", by_pattern("sub", "repo:*"), "the owner's number is another"),
        ("no subject", without("sub"), "no sub"),
        (
            "any environment",
            by_pattern("sub", "repo:acme*/widgets*:environment:*"),
            "an environment in another case",
        ),
        (
            "no number",
            without("repository_id"),
            "a recycled name with the older subject: another repository's number",
        ),
        ("no workflow", without("job_workflow_ref"), "another workflow file of the repository"),
        (
            "any branch",
            by_pattern("job_workflow_ref", "acme/widgets/.github/workflows/ai-task.yml@*"),
            "the workflow as another branch has it",
        ),
        (
            "any ref of that name",
            by_pattern(
                "job_workflow_ref",
                "acme/widgets/.github/workflows/ai-task.yml@refs/*/main",
            ),
            "a tag that is called like the default branch",
        ),
        (
            "any workflow",
            by_pattern("job_workflow_ref", "acme/*/.github/workflows/ai-task.yml@refs/heads/main"),
            "a reusable workflow of another repository",
        ),
        (
            "pull requests' subject besides",
            with_subject("repo:acme@5000001/widgets@700000001:pull_request"),
            "a review whose changed copy calls the default branch's file as a reusable one",
        ),
        (
            "pull requests' copies of the workflow",
            by_pattern(
                "job_workflow_ref",
                "acme/widgets/.github/workflows/ai-*.yml@refs/pull/*/merge",
            ),
            "a review comment: GitHub runs the pull request's own copy of the file",
        ),
        ("no audience", without("aud"), "another cloud's audience"),
        ("ForAllValues", by_operator("ForAllValues:StringEquals"), "no repository_id"),
        ("IfExists", by_operator("StringEqualsIfExists"), "no job_workflow_ref"),
        (
            "ForAnyValue",
            by_operator("ForAnyValue:StringEquals"),
            "a list of audiences with ours in it",
        ),
        ("case ignored", by_operator("StringEqualsIgnoreCase"), "the workflow in another case"),
        (
            "one statement for two repositories",
            in_one_statement(),
            "the subject of widgets with the number of gears",
        ),
    ];
    for (how, policies, who) in loose {
        let wrong = wrong(&policies);
        assert!(
            wrong.iter().any(|it| it == who),
            "{how} should let in `{who}`, and lets in {wrong:?}"
        );
    }
}

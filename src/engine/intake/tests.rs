use super::*;

const ISSUE: &str = r#"{"type": "issue", "issue_number": 123, "repository": "owner/repo",
    "title": "Add", "body": "b", "labels": ["ai-task"], "created_at": "2025-01-26T00:00:00Z",
    "sender": "octocat", "delivery": "d-1", "later": true}"#;
const COMMENT: &str = r#"{"type": "pr_comment", "issue_number": 123, "pr_number": 45,
    "branch_name": "ai/issue-123", "repository": "Owner/repo", "title": "t",
    "body": "@ai-fix rename calc to calcTotal", "comment_id": 98765, "comment_author": "reviewer",
    "labels": ["ai-task"], "created_at": "2025-01-26T00:00:00Z", "delivery": "d-2"}"#;

/// The contract's comment, with one piece of it put differently.
fn comment(from: &str, to: &str) -> String {
    assert!(COMMENT.contains(from), "{from} is not there to be replaced");
    COMMENT.replace(from, to)
}

fn reason(body: &str) -> String {
    task(body, "m").expect_err(body).to_string()
}

#[test]
fn a_message_of_the_contract_is_a_task() {
    let task = task(ISSUE, "m").unwrap();
    assert_eq!(task.key(), "issue owner/repo#123 d-1");
    assert_eq!(unknown_keys(ISSUE), ["later"]);
}

#[test]
fn an_older_sender_names_neither_type_nor_delivery() {
    let old = r#"{"issue_number": 1, "repository": "Owner/repo", "title": null,
        "created_at": "2025-01-26T00:00:00Z"}"#;
    assert_eq!(task(old, "m").unwrap().key(), "issue owner/repo#1 2025-01-26T00:00:00Z");
    let bare = r#"{"issue_number": 1, "repository": "o/r"}"#;
    assert_eq!(task(bare, "m-7").unwrap().key(), "issue o/r#1 m-7");
}

#[test]
fn a_comment_is_known_by_its_repository_kind_and_id_alone() {
    let it = task(COMMENT, "m").unwrap();
    let said = CommentRef { kind: CommentKind::IssueComment, id: 98765 };
    assert_eq!(it.origin, Origin::PrComment { pull: 45, comment: said });
    assert_eq!(it.key(), "comment owner/repo issue_comment 98765");
    assert_eq!((it.thread(), it.body.as_str()), (45, "@ai-fix rename calc to calcTotal"));
    assert!(unknown_keys(COMMENT).is_empty());

    let again = task(&comment("d-2", "d-3").replace("45", "46"), "other").unwrap();
    assert_eq!(again.key(), it.key());
}

#[test]
fn the_three_kinds_of_comment_have_numbers_of_their_own() {
    for kind in ["issue_comment", "review_comment", "review"] {
        let body = comment(r#""pr_number""#, &format!(r#""comment_kind": "{kind}", "pr_number""#));
        assert_eq!(task(&body, "m").unwrap().key(), format!("comment owner/repo {kind} 98765"));
        assert!(unknown_keys(&body).is_empty());
    }
    let null = comment(r#""pr_number""#, r#""comment_kind": null, "pr_number""#);
    assert_eq!(task(&null, "m").unwrap().comment().unwrap().kind, CommentKind::IssueComment);
}

#[test]
fn a_comment_needs_no_more_than_where_it_stands_and_which_it_is() {
    let least = r#"{"type": "pr_comment", "repository": "o/r", "pr_number": 2, "comment_id": 3}"#;
    let it = task(least, "m-7").unwrap();
    assert_eq!((it.key().as_str(), it.asking.as_str()), ("comment o/r issue_comment 3", ""));
    let nulls = r#"{"type": "pr_comment", "repository": "o/r", "pr_number": 2, "comment_id": 3,
        "issue_number": null, "branch_name": null, "comment_author": null, "title": null,
        "body": null, "labels": null, "created_at": null, "delivery": null, "sender": null}"#;
    assert_eq!(task(nulls, "m-7").unwrap(), it);
}

#[test]
fn a_sender_of_references_tells_the_digest_of_the_body_instead_of_it() {
    let hex = "E3B0C44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let with = |digest: &str| {
        format!(r#"{{"issue_number": 1, "repository": "o/r", "body_sha256": {digest}}}"#)
    };
    let task = task(&with(&format!("\"{hex}\"")), "m").unwrap();
    assert_eq!((task.body.as_str(), task.body_sha256), ("", Some(hex.to_lowercase())));
    assert!(unknown_keys(&with("null")).is_empty());
    assert_eq!(super::task(&with("null"), "m").unwrap().body_sha256, None);
    for odd in ["\"\"", "\"e3b0\"", &format!("\"{}\"", "g".repeat(64)), &format!("\"{hex}0\"")] {
        assert!(reason(&with(odd)).contains("`body_sha256` is no digest"), "{odd}");
    }
    assert!(reason(&with("1")).contains("no task"));
}

#[test]
fn what_cannot_be_a_task_is_refused_with_the_reason() {
    assert!(reason("hello").starts_with("the message is no task: not JSON"));
    assert!(reason("").contains("not JSON"));
    assert!(reason("[1]").contains("no task"));
    assert!(reason("null").contains("no task"));
    // Not even in the order that the fields are declared in.
    assert!(reason(r#"["issue", "o/r", 1]"#).contains("no task"));
    assert!(reason(r#"{"issue_number": "x", "repository": "o/r"}"#).contains("no task"));
    assert!(reason(r#"{"repository": "o/r"}"#).contains("issue_number"));
    assert!(reason(r#"{"issue_number": null, "repository": "o/r"}"#).contains("issue_number"));
    assert!(reason(r#"{"issue_number": 0, "repository": "o/r"}"#).contains("1 or more"));
    assert!(reason(r#"{"issue_number": 1}"#).contains("repository"));
    assert!(reason(r#"{"issue_number": 1, "repository": "../r"}"#).contains("OWNER/NAME"));
    assert!(reason(&"x".repeat(LARGEST + 1)).contains("at most"));
    assert!(reason(&"[".repeat(100_000)).contains("not JSON"));
}

#[test]
fn a_comment_that_names_no_place_or_a_false_one_is_refused_with_the_reason() {
    let cases = [
        (r#""pr_number": 45,"#, "", "missing field `pr_number`"),
        (r#""pr_number": 45"#, r#""pr_number": null"#, "missing field `pr_number`"),
        (r#""pr_number": 45"#, r#""pr_number": 0"#, "`pr_number` is 0; it must be 1 or more"),
        (r#""pr_number": 45"#, r#""pr_number": -1"#, "`pr_number` is -1"),
        (r#""pr_number": 45"#, r#""pr_number": "45""#, "invalid type: string"),
        (r#""pr_number": 45"#, r#""pr_number": 45.0"#, "invalid type: floating point"),
        (r#""pr_number": 45"#, r#""pr_number": 1e400"#, "not JSON"),
        (r#""pr_number": 45"#, r#""pr_number": true"#, "invalid type: boolean"),
        (r#""pr_number": 45"#, r#""pr_number": [45]"#, "invalid type: sequence"),
        (r#""comment_id": 98765,"#, "", "missing field `comment_id`"),
        ("98765", "null", "missing field `comment_id`"),
        ("98765", "0", "`comment_id` is 0"),
        ("98765", "-98765", "`comment_id` is -98765"),
        ("98765", r#""98765""#, "invalid type: string"),
        ("98765", "18446744073709551615", "invalid value: integer"),
        ("98765", "99999999999999999999999", "invalid type: floating point"),
        (r#""issue_number": 123"#, r#""issue_number": "123""#, "invalid type: string"),
        (r#""issue_number": 123"#, r#""issue_number": 0"#, "`issue_number` is 0"),
        (r#""ai/issue-123""#, "7", "invalid type: integer"),
        (r#""reviewer""#, "{}", "invalid type: map"),
        (r#"["ai-task"]"#, r#""ai-task""#, "invalid type: string"),
        (r#"["ai-task"]"#, "[1]", "invalid type: integer"),
        (r#""Owner/repo""#, r#""Owner/repo/pull""#, "OWNER/NAME"),
        (r#""Owner/repo""#, "null", "invalid type: null"),
        (r#""pr_comment""#, r#""PR_COMMENT""#, "`PR_COMMENT` are not understood"),
        (r#""pr_comment""#, r#""pull_request""#, "`pull_request` are not understood"),
        (r#""pr_comment""#, r#""""#, "are not understood"),
        (r#""pr_comment""#, "7", "invalid type"),
        (r#""pr_comment""#, "null", "invalid type: null"),
        (r#""labels""#, r#""comment_kind": "commit", "labels""#, "`comment_kind` is `commit`"),
        (r#""labels""#, r#""comment_kind": 1, "labels""#, "invalid type"),
        // Which of the two would be meant?
        (r#""labels""#, r#""pr_number": 46, "labels""#, "duplicate field `pr_number`"),
        (r#""labels""#, r#""type": "issue", "labels""#, "duplicate field `type`"),
        (r#""labels""#, r#""repository": "a/b", "labels""#, "duplicate field `repository`"),
    ];
    for (from, to, why) in cases {
        let reason = reason(&comment(from, to));
        assert!(reason.contains(why), "{from} as {to}: {reason}");
    }
}

#[test]
fn a_refusal_repeats_little_of_what_was_sent_and_nothing_that_steers_a_terminal() {
    let long = comment("98765", &format!(r#""\u001b[31m{}""#, "x".repeat(100_000)));
    let kind = comment(r#""pr_comment""#, &format!(r#""{}""#, "x".repeat(100_000)));
    for body in [long, kind] {
        let reason = reason(&body);
        assert!(reason.len() < 600 && !reason.contains(char::is_control), "{reason}");
    }
}

proptest::proptest! {
    #[test]
    fn no_message_makes_it_panic(body in ".{0,200}") {
        let _ = (task(&body, "m"), unknown_keys(&body));
    }

    #[test]
    fn whatever_is_taken_has_a_place_and_a_number(
        pull in proptest::prelude::any::<i64>(),
        id in proptest::prelude::any::<i64>(),
    ) {
        let body = comment(r#""pr_number": 45"#, &format!(r#""pr_number": {pull}"#))
            .replace(r#""comment_id": 98765"#, &format!(r#""comment_id": {id}"#));
        proptest::prop_assert_eq!(task(&body, "m").is_ok(), pull > 0 && id > 0);
    }
}

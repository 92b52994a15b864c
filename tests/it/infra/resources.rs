//! The resources, with variables and functions worked out by a parser of Terraform, against what
//! the worker needs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::tools::{copy, infra, program, well};
use crate::setup;

/// The values of the example, with all that is off by default.
pub(super) fn everything_on() -> String {
    let example = std::fs::read_to_string(infra().join("terraform.tfvars.example")).unwrap();
    format!(
        "{example}\ncreate_worker_user = true\n\
         roles_anywhere = {{ ca_certificate_pem = \"PEM\", common_names = [\"mbp-001\"] }}\n"
    )
}

/// Only what has no default.
pub(super) const LEAST: &str = r#"
environment  = "dev"
account_id   = "123456789012"
region       = "eu-west-1"
repositories = []
"#;

/// All blocks of one kind, such as `aws_sqs_queue` or `data`'s, by their address.
struct Evaluated(Map<String, Value>);

impl Evaluated {
    fn of(values: &str) -> Self {
        let room = copy();
        std::fs::write(room.path().join("test.tfvars"), values).unwrap();
        let script =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/infra/evaluate.py");
        let output = program(setup::tfparse())
            .arg(script)
            .args([".", "test.tfvars"])
            .current_dir(room.path())
            .output()
            .unwrap();
        Self(serde_json::from_str(&well(&output)).unwrap())
    }

    /// Kind, whether it is only looked at (`data`), and the block.
    fn blocks(&self) -> impl Iterator<Item = (&str, bool, &Value)> {
        let aws = self.0.iter().filter(|(kind, _)| kind.starts_with("aws_"));
        aws.flat_map(|(kind, all)| all.as_array().unwrap().iter().map(move |it| (kind, it)))
            .map(|(kind, it)| (kind.as_str(), it["__tfmeta"]["type"] == "data", it))
    }

    fn address(block: &Value) -> String {
        let path = block["__tfmeta"]["path"].as_str().unwrap();
        path.strip_prefix("module.codingworker.").unwrap().to_owned()
    }

    fn addresses(&self) -> BTreeSet<String> {
        self.blocks().map(|(_, _, it)| Self::address(it)).collect()
    }

    fn at(&self, address: &str) -> &Value {
        let found = self.blocks().find(|(_, _, it)| Self::address(it) == address);
        found.unwrap_or_else(|| panic!("no {address} in {:?}", self.addresses())).2
    }
}

#[test]
fn the_queues_are_what_the_worker_is_made_for() {
    let all = Evaluated::of(&everything_on());
    let (tasks, dead) = (all.at("aws_sqs_queue.tasks"), all.at("aws_sqs_queue.dead_letters"));
    for queue in [tasks, dead] {
        assert_eq!(queue["sqs_managed_sse_enabled"], true);
        assert_eq!(queue["visibility_timeout_seconds"], 300);
        assert_eq!(queue["receive_wait_time_seconds"], 20);
        assert_eq!(queue["max_message_size"], 256 * 1024);
    }
    assert_eq!(tasks["message_retention_seconds"], 7 * 24 * 3600);
    assert_eq!(dead["message_retention_seconds"], 14 * 24 * 3600);
    let redrive: Value = serde_json::from_str(tasks["redrive_policy"].as_str().unwrap()).unwrap();
    assert_eq!(redrive["maxReceiveCount"], 20);
    let arn = redrive["deadLetterTargetArn"].as_str().unwrap();
    assert_eq!(arn.rsplit(':').next().unwrap(), dead["name"]);
    assert_eq!(dead["redrive_policy"], Value::Null, "what is dead goes nowhere by itself");
    let allow = &all.at("aws_sqs_queue_redrive_allow_policy.dead_letters")["redrive_allow_policy"];
    assert!(allow.as_str().unwrap().contains(r#""redrivePermission":"byQueue""#));
}

#[test]
fn what_is_not_asked_for_is_not_made() {
    let all = Evaluated::of(LEAST).addresses();
    let made: Vec<_> =
        all.iter().filter(|it| it.contains("_iam_") || it.contains("anywhere")).collect();
    assert_eq!(made, ["aws_iam_openid_connect_provider.github[0]"]);
    assert!(!all.iter().any(|it| it.contains("budget")), "AWS takes none without an address");
}

#[test]
fn an_identity_provider_that_is_there_is_adopted() {
    let all = Evaluated::of(&format!("{LEAST}create_oidc_provider = false\n"));
    let found: Vec<_> =
        all.blocks().filter(|it| it.0 == "aws_iam_openid_connect_provider").collect();
    assert_eq!(found.len(), 1);
    assert!(found[0].1, "only looked at");
}

#[test]
fn everything_that_was_asked_for_is_made_once() {
    let made = Evaluated::of(&everything_on()).addresses();
    let wanted = [
        "aws_budgets_budget.month[0]",
        "aws_cloudwatch_metric_alarm.dead_letters",
        "aws_cloudwatch_metric_alarm.depth",
        "aws_cloudwatch_metric_alarm.oldest",
        "aws_iam_group.workers[0]",
        "aws_iam_group_policy.workers[0]",
        "aws_iam_openid_connect_provider.github[0]",
        "aws_iam_role.operator[0]",
        "aws_iam_role.sender[\"700000001\"]",
        "aws_iam_role.sender[\"700000002\"]",
        "aws_iam_role.worker[0]",
        "aws_iam_role_policy.operator[0]",
        "aws_iam_role_policy.sender[\"700000001\"]",
        "aws_iam_role_policy.sender[\"700000002\"]",
        "aws_iam_role_policy.worker[0]",
        "aws_iam_user.worker[0]",
        "aws_iam_user_group_membership.worker[0]",
        "aws_kms_alias.alarms",
        "aws_kms_key.alarms",
        "aws_rolesanywhere_profile.workers[0]",
        "aws_rolesanywhere_trust_anchor.workers[0]",
        "aws_sns_topic.alarms",
        "aws_sns_topic_policy.alarms",
        "aws_sns_topic_subscription.email[\"you@example.com\"]",
        "aws_sqs_queue.dead_letters",
        "aws_sqs_queue.tasks",
        "aws_sqs_queue_policy.dead_letters",
        "aws_sqs_queue_policy.tasks",
        "aws_sqs_queue_redrive_allow_policy.dead_letters",
    ];
    assert_eq!(made, wanted.map(str::to_owned).into());
}

#[test]
fn three_alarms_go_to_an_encrypted_topic() {
    let all = Evaluated::of(&everything_on());
    let asked = |name: &str| {
        let it = all.at(&format!("aws_cloudwatch_metric_alarm.{name}"));
        assert!(!it["alarm_actions"].as_array().unwrap().is_empty(), "{name}");
        let text = |key: &str| it[key].as_str().unwrap().to_owned();
        let queue = it["dimensions"]["QueueName"].as_str().unwrap().to_owned();
        (queue, text("metric_name"), text("comparison_operator"), it["threshold"].as_u64().unwrap())
    };
    let (visible, least) = ("ApproximateNumberOfMessagesVisible", "GreaterThanOrEqualToThreshold");
    let own = |queue: &str, metric: &str, how: &str, than: u64| {
        (queue.to_owned(), metric.to_owned(), how.to_owned(), than)
    };
    assert_eq!(asked("dead_letters"), own("codingworker-prod-dead", visible, least, 1));
    assert_eq!(asked("depth"), own("codingworker-prod", visible, least, 10));
    let age =
        own("codingworker-prod", "ApproximateAgeOfOldestMessage", "GreaterThanThreshold", 3600);
    assert_eq!(asked("oldest"), age);
    assert!(all.at("aws_sns_topic.alarms")["kms_master_key_id"].is_string());
    assert_eq!(all.at("aws_budgets_budget.month[0]")["limit_amount"], "5");
}

/// Every policy document that stands in a resource, with the address of the resource.
fn documents(all: &Evaluated) -> BTreeMap<String, Value> {
    let names = ["policy", "assume_role_policy"];
    let found = all
        .blocks()
        .flat_map(|(_, _, it)| names.map(|name| (Evaluated::address(it), name, &it[name])));
    found
        .filter_map(|(address, name, it)| {
            let document = serde_json::from_str(it.as_str()?).unwrap();
            Some((format!("{address} {name}"), document))
        })
        .collect()
}

#[test]
fn nothing_is_allowed_by_a_star() {
    let found = documents(&Evaluated::of(&everything_on()));
    assert_eq!(found.len(), 13, "{:?}", found.keys());
    for (address, document) in &found {
        for statement in document["Statement"].as_array().unwrap() {
            assert!(statement["NotAction"].is_null() && statement["NotPrincipal"].is_null());
            if statement["Effect"] == "Deny" {
                continue;
            }
            let words = [&statement["Action"], &statement["Principal"]].map(Value::to_string);
            assert!(!words.iter().any(|it| it.contains('*')), "{address}: {statement}");
            // In the policy of a key `*` is the key.
            let own_key = address.starts_with("aws_kms_key.") && statement["Resource"] == "*";
            assert!(own_key || !statement["Resource"].to_string().contains('*'), "{address}");
        }
    }
}

#[test]
fn both_queues_turn_away_who_comes_without_tls_or_from_another_account() {
    let found = documents(&Evaluated::of(&everything_on()));
    for queue in ["tasks", "dead_letters"] {
        let document = &found[&format!("aws_sqs_queue_policy.{queue} policy")];
        let statements = document["Statement"].as_array().unwrap();
        assert!(statements.iter().all(|it| {
            it["Effect"] == "Deny" && it["Principal"] == "*" && it["Action"] == "sqs:*"
        }));
        let conditions: Vec<_> = statements.iter().map(|it| it["Condition"].to_string()).collect();
        assert_eq!(
            conditions,
            [
                r#"{"Bool":{"aws:SecureTransport":"false"}}"#,
                r#"{"StringNotEquals":{"aws:PrincipalAccount":"123456789012"}}"#,
            ]
        );
    }
}

/// What the worker really calls (`src/queue/sqs`) is what its role may do, and nothing more.
#[test]
fn the_worker_may_do_what_it_calls() {
    let found = documents(&Evaluated::of(&everything_on()));
    let allowed = |address: &str| -> BTreeSet<String> {
        let statements = found[address]["Statement"].as_array().unwrap();
        let pairs = statements.iter().flat_map(|it| {
            let dead = it["Resource"].as_str().unwrap().ends_with("-dead");
            let actions = it["Action"].as_array().unwrap().iter();
            actions.map(move |action| {
                format!("{}{}", action.as_str().unwrap(), if dead { " dead" } else { "" })
            })
        });
        pairs.collect()
    };
    let set = |names: &[&str]| names.iter().map(|it| format!("sqs:{it}")).collect::<BTreeSet<_>>();
    let worker = set(&[
        "ReceiveMessage",
        "DeleteMessage",
        "ChangeMessageVisibility",
        "GetQueueAttributes",
        "SendMessage dead",
        "GetQueueUrl dead",
        "GetQueueAttributes dead",
    ]);
    assert_eq!(allowed("aws_iam_role_policy.worker[0] policy"), worker);
    assert_eq!(allowed("aws_iam_group_policy.workers[0] policy"), worker);
    assert_eq!(
        allowed("aws_iam_role_policy.operator[0] policy"),
        set(&[
            "SendMessage",
            "GetQueueAttributes",
            "GetQueueUrl dead",
            "GetQueueAttributes dead",
            "ReceiveMessage dead",
            "ChangeMessageVisibility dead",
            "DeleteMessage dead",
        ])
    );
    for id in ["700000001", "700000002"] {
        let sender = format!("aws_iam_role_policy.sender[\"{id}\"] policy");
        assert_eq!(allowed(&sender), set(&["SendMessage"]));
    }
}

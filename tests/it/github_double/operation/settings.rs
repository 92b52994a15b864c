//! Labels, variables, environments, and the subject of identity tokens.

use serde_json::{Value, json};

use super::{Reply, Scene};
use crate::github_double::shapes;
use crate::github_double::world::{EnvironmentState, RepositoryState, World};

/// What a token needs, as GitHub's documentation lists it by operation. An archived repository
/// can be read and not changed; these reads are of no use there.
pub(super) fn need(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "issues/create-label" => "issues=write",
        "git/create-ref" | "git/update-ref" | "git/create-tree" | "git/create-commit" => {
            "contents=write"
        }
        "actions/get-repo-variable" => "actions_variables=read",
        "actions/create-repo-variable" | "actions/update-repo-variable" => {
            "actions_variables=write"
        }
        "actions/get-github-actions-permissions-repository" => "administration=read",
        "repos/get-environment" | "repos/list-deployment-branch-policies" => "environments=read",
        "actions/get-custom-oidc-sub-claim-for-repo" => "actions=read",
        "repos/create-or-update-environment" | "repos/create-deployment-branch-policy" => {
            "administration=write"
        }
        _ => return None,
    })
}

pub(super) fn perform(world: &mut World, operation: &str, scene: &Scene) -> Option<Reply> {
    let Scene { full_name, request, .. } = scene;
    let copy = world.repository(full_name).clone();
    let settings = &mut world.repository_mut(full_name).settings;
    let name = request.get("name");
    Some(match operation {
        "issues/get-label" => match settings.labels.get_key_value(name) {
            Some((name, color)) => Reply::new(200, label(&copy, name, color)),
            None => Reply::not_found(),
        },
        "issues/create-label" => {
            let (name, color) = (request.text("name"), request.text("color"));
            let description = request.text("description");
            if settings.labels.contains_key(name) {
                return Some(exists("Label", "name"));
            }
            if description.chars().count() > 100 || color.len() != 6 {
                return Some(Reply::invalid("description is too long, or color is none"));
            }
            settings.labels.insert(name.to_owned(), color.to_owned());
            Reply::new(201, label(&copy, name, color))
        }
        "actions/get-repo-variable" => match settings.variables.get(name) {
            Some(value) => Reply::new(200, variable(&copy, name, value)),
            None => Reply::not_found(),
        },
        "actions/create-repo-variable" => {
            let (name, value) = (request.text("name"), request.text("value"));
            if settings.variables.contains_key(name) {
                return Some(Reply::message(409, "Already exists - Variable already exists"));
            }
            settings.variables.insert(name.to_owned(), value.to_owned());
            Reply::new(201, json!({}))
        }
        "actions/update-repo-variable" => match settings.variables.get_mut(name) {
            Some(value) => {
                *value = request.text("value").to_owned();
                Reply::new(204, Value::Null)
            }
            None => Reply::not_found(),
        },
        "actions/get-github-actions-permissions-repository" => {
            let facts = json!({"enabled": !settings.actions_off, "allowed_actions": "all"});
            Reply::new(200, shapes::example("actions-repository-permissions", &copy, facts))
        }
        "actions/get-custom-oidc-sub-claim-for-repo" => match &settings.subject {
            Value::Null => {
                let prefix = format!("repo:{full_name}");
                let old = json!({
                    "use_default": true, "use_immutable_subject": false, "sub_claim_prefix": prefix,
                });
                Reply::new(200, old)
            }
            subject => Reply::new(200, subject.clone()),
        },
        _ => return environment(world, operation, scene, &copy),
    })
}

fn environment(
    world: &mut World,
    operation: &str,
    scene: &Scene,
    copy: &RepositoryState,
) -> Option<Reply> {
    let Scene { full_name, request, .. } = scene;
    let settings = &mut world.repository_mut(full_name).settings;
    let ours = request.get("environment_name") == "codingworker";
    let found = settings.environment.as_mut().filter(|_| ours);
    Some(match operation {
        "repos/get-environment" => match found {
            Some(it) => Reply::new(200, shape(copy, it)),
            None => Reply::not_found(),
        },
        "repos/create-or-update-environment" => {
            let policy = &request.body["deployment_branch_policy"];
            if settings.poor_plan && !policy.is_null() {
                let words = "Failed to create the environment protection rule. Please ensure the \
                     billing plan supports the branch policy protection rule.";
                return Some(Reply::message(422, words));
            }
            let custom = policy["custom_branch_policies"] == json!(true);
            if custom == (policy["protected_branches"] == json!(true)) && !policy.is_null() {
                return Some(Reply::message(422, "both policies cannot have the same value"));
            }
            // What is not said again is gone, but for the names of an earlier policy.
            let names = found.and_then(|it| it.branches.clone()).unwrap_or_default();
            let made = EnvironmentState { reviewed: false, branches: custom.then_some(names) };
            settings.environment = Some(made.clone());
            Reply::new(200, shape(copy, &made))
        }
        "repos/list-deployment-branch-policies" => match found.and_then(|it| it.branches.clone()) {
            Some(names) => {
                let one = |name: &String| policy(copy, name);
                let all: Vec<Value> = names.iter().map(one).collect();
                Reply::new(200, json!({"total_count": all.len(), "branch_policies": all}))
            }
            None => Reply::new(200, json!({"total_count": 0, "branch_policies": []})),
        },
        "repos/create-deployment-branch-policy" => {
            let name = request.text("name").to_owned();
            let Some(names) = found.and_then(|it| it.branches.as_mut()) else {
                return Some(Reply::not_found());
            };
            if !names.contains(&name) {
                names.push(name.clone());
            }
            Reply::new(200, policy(copy, &name))
        }
        _ => return None,
    })
}

fn label(repository: &RepositoryState, name: &str, color: &str) -> Value {
    shapes::example("label", repository, json!({"name": name, "color": color, "default": false}))
}

fn variable(repository: &RepositoryState, name: &str, value: &str) -> Value {
    shapes::example("actions-variable", repository, json!({"name": name, "value": value}))
}

fn policy(repository: &RepositoryState, name: &str) -> Value {
    let facts = json!({"name": name, "type": "branch"});
    shapes::example("deployment-branch-policy-single-branch", repository, facts)
}

fn shape(repository: &RepositoryState, it: &EnvironmentState) -> Value {
    let mut rules = Vec::new();
    if it.reviewed {
        rules.push(
            json!({"id": 1, "node_id": "R_1", "type": "required_reviewers", "reviewers": []}),
        );
    }
    if it.branches.is_some() {
        rules.push(json!({"id": 2, "node_id": "R_2", "type": "branch_policy"}));
    }
    let limits = json!({"protected_branches": false, "custom_branch_policies": true});
    shapes::example(
        "environment",
        repository,
        json!({
            "name": "codingworker",
            "protection_rules": rules,
            "deployment_branch_policy": it.branches.as_ref().map_or(Value::Null, |_| limits),
        }),
    )
}

fn exists(resource: &str, field: &str) -> Reply {
    let mut reply = Reply::message(422, "Validation Failed");
    reply.body["errors"] =
        json!([{"resource": resource, "field": field, "code": "already_exists"}]);
    reply
}

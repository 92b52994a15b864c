//! Connecting a repository: what is set up there, and the few things that can be.
//!
//! Not part of `CodeHost`: no job needs it, and only GitHub has it. What is read and not shown to
//! the token is a fact like others (`Seen::Hidden`); what makes something looks first.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::wire::encoded;
use super::{GitHub, TokenFacts, User, WireRepository, named, path};
use crate::code_host::HostError;
use crate::domain::task::Repository;
use crate::engine::onboarding::{
    Actions, Branches, Cloud, Deed, ENVIRONMENT, Environment, Facts, LABELS, Label, Proposed, Seen,
    Subject, Token, VARIABLES,
};

mod propose;

/// A repository with what `WireRepository` leaves out.
#[derive(Deserialize)]
struct Whole {
    #[serde(flatten)]
    short: WireRepository,
    full_name: String,
    owner: User,
}

#[derive(Deserialize)]
struct WireVariable {
    value: String,
}

#[derive(Deserialize)]
struct WireActions {
    enabled: bool,
    allowed_actions: Option<String>,
}

#[derive(Deserialize)]
struct WireEnvironment {
    #[serde(default)]
    protection_rules: Vec<Rule>,
    deployment_branch_policy: Option<BranchPolicy>,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct BranchPolicy {
    #[serde(default)]
    custom_branch_policies: bool,
}

#[derive(Deserialize)]
struct Policies {
    branch_policies: Vec<Policy>,
}

#[derive(Deserialize)]
struct Policy {
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct WireSubject {
    use_default: bool,
    #[serde(default)]
    include_claim_keys: Vec<String>,
    use_immutable_subject: Option<bool>,
    sub_claim_prefix: Option<String>,
}

/// What is not there, as a fact.
fn there<T>(answer: Result<T, HostError>) -> Result<Option<T>, HostError> {
    match answer {
        Ok(it) => Ok(Some(it)),
        Err(HostError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the token may not read, as a fact.
fn seen<T>(answer: Result<T, HostError>) -> Result<Seen<T>, HostError> {
    match answer {
        Ok(it) => Ok(Seen::Known(it)),
        Err(HostError::Refused { status: 400..=499, message }) => Ok(Seen::Hidden(message)),
        Err(error @ HostError::NotFound(_)) => Ok(Seen::Hidden(error.to_string())),
        Err(error) => Err(error),
    }
}

impl GitHub {
    /// What is set up at a repository. `token` is what `credentials` said; without `cloud`, what
    /// only the way through AWS needs is not looked at.
    ///
    /// # Errors
    /// `NotFound` when the token may not see the repository; otherwise as every call. What else
    /// the token may not see is `Seen::Hidden`.
    pub async fn survey(
        &self,
        repository: &Repository,
        token: &TokenFacts,
        cloud: bool,
    ) -> Result<Facts, HostError> {
        let whole = self.patiently(|| self.whole(repository)).await?;
        let thing = named(repository);
        let name: Repository = whole.full_name.clone().try_into().map_err(|_| {
            HostError::Refused { status: 200, message: format!("{thing} has a strange name") }
        })?;
        // By its name of today: what is changed under an old one is not sent on.
        let may_push = self.patiently(|| self.repository_once(&name)).await?.may_push;
        let branch = whole.short.default_branch;
        let mut facts = Facts {
            id: whole.short.id,
            owner_id: whole.owner.id,
            public: whole.short.visibility.map_or(!whole.short.private, |it| it == "public"),
            archived: whole.short.archived,
            has_issues: whole.short.has_issues,
            may_push,
            admin: whole.short.permissions.is_some_and(|it| it.admin),
            token: Token { login: token.login.clone(), scopes: token.scopes.clone() },
            labels: BTreeSet::new(),
            cloud: None,
            default_branch: branch,
            repository: name,
        };
        let name = facts.repository.clone();
        for label in LABELS {
            if self.patiently(|| self.has_label(&name, label.name)).await? {
                facts.labels.insert(label.name.to_owned());
            }
        }
        if cloud && may_push && !facts.archived {
            facts.cloud = Some(self.cloud(&name, &facts.default_branch).await?);
        }
        Ok(facts)
    }

    /// Does one thing. The pull request, where that is what it was.
    ///
    /// # Errors
    /// `Refused` or `NotFound` when the token may not; with 409, when an earlier pull request left
    /// its branch behind; otherwise as every call.
    pub async fn carry_out(
        &self,
        repository: &Repository,
        deed: &Deed,
        words: (&str, &str),
    ) -> Result<Option<Proposed>, HostError> {
        match deed {
            Deed::Label(label) => self.patiently(|| self.make_label(repository, label)).await?,
            Deed::Variable { name, value } => {
                self.patiently(|| self.set_variable(repository, name, value)).await?;
            }
            Deed::Environment { branch } => {
                self.patiently(|| self.limit_environment(repository, branch)).await?;
            }
            Deed::Propose { base } => {
                let proposed = self.patiently(|| self.propose(repository, base, words)).await?;
                return Ok(Some(proposed));
            }
        }
        Ok(None)
    }

    async fn whole(&self, repository: &Repository) -> Result<Whole, HostError> {
        self.wire.get(&path(repository)).await?.or_refusal(&named(repository))?.json()
    }

    async fn cloud(&self, repository: &Repository, branch: &str) -> Result<Cloud, HostError> {
        let files = self.patiently(|| self.files(repository, branch)).await?;
        Ok(Cloud {
            actions: seen(self.patiently(|| self.actions(repository)).await)?,
            variables: seen(self.patiently(|| self.variables(repository)).await)?,
            environment: seen(self.patiently(|| self.environment(repository)).await)?,
            files,
            proposal: self.patiently(|| self.proposal(repository)).await?,
            subject: seen(self.patiently(|| self.subject(repository)).await)?,
        })
    }

    async fn has_label(&self, repository: &Repository, label: &str) -> Result<bool, HostError> {
        let address = format!("{}/labels/{}", path(repository), encoded(label));
        let answer = self.wire.get(&address).await?.or_refusal(&format!("label `{label}`"));
        Ok(there(answer)?.is_some())
    }

    async fn make_label(&self, repository: &Repository, label: &Label) -> Result<(), HostError> {
        if self.has_label(repository, label.name).await? {
            return Ok(());
        }
        let body = json!({
            "name": label.name, "color": label.color, "description": label.description,
        });
        let address = format!("{}/labels", path(repository));
        self.make(Method::POST, &address, &body, repository).await
    }

    async fn actions(&self, repository: &Repository) -> Result<Actions, HostError> {
        let address = format!("{}/actions/permissions", path(repository));
        let answer = self.wire.get(&address).await?.or_refusal(&named(repository))?;
        let WireActions { enabled, allowed_actions } = answer.json()?;
        Ok(Actions { enabled, allowed: allowed_actions })
    }

    async fn variables(
        &self,
        repository: &Repository,
    ) -> Result<BTreeMap<String, String>, HostError> {
        let mut found = BTreeMap::new();
        for name in VARIABLES {
            if let Some(value) = self.variable(repository, name).await? {
                found.insert(name.to_owned(), value);
            }
        }
        Ok(found)
    }

    async fn variable(
        &self,
        repository: &Repository,
        name: &str,
    ) -> Result<Option<String>, HostError> {
        let address = format!("{}/actions/variables/{name}", path(repository));
        let answer = self.wire.get(&address).await?.or_refusal(&format!("variable `{name}`"));
        there(answer)?.map(|it| Ok(it.json::<WireVariable>()?.value)).transpose()
    }

    async fn set_variable(
        &self,
        repository: &Repository,
        name: &str,
        value: &str,
    ) -> Result<(), HostError> {
        let all = format!("{}/actions/variables", path(repository));
        let body = json!({"name": name, "value": value});
        match self.variable(repository, name).await? {
            Some(it) if it == value => Ok(()),
            Some(_) => self.make(Method::PATCH, &format!("{all}/{name}"), &body, repository).await,
            None => self.make(Method::POST, &all, &body, repository).await,
        }
    }

    async fn environment(&self, repository: &Repository) -> Result<Option<Environment>, HostError> {
        let address = environment_address(repository);
        let thing = format!("environment `{ENVIRONMENT}`");
        let answer = self.wire.get(&address).await?.or_refusal(&thing);
        let Some(answer) = there(answer)? else { return Ok(None) };
        let wire: WireEnvironment = answer.json()?;
        let branches = match wire.deployment_branch_policy {
            None => Branches::All,
            Some(BranchPolicy { custom_branch_policies: false }) => Branches::Protected,
            Some(_) => Branches::Named(self.environment_branches(repository).await?),
        };
        let waits = wire.protection_rules.iter().any(|it| it.kind != "branch_policy");
        Ok(Some(Environment { waits, branches }))
    }

    /// Their names, with `tag:` before those that are tags.
    async fn environment_branches(
        &self,
        repository: &Repository,
    ) -> Result<Vec<String>, HostError> {
        let address =
            format!("{}/deployment-branch-policies?per_page=100", environment_address(repository));
        let answer = self.wire.get(&address).await?.or_refusal(&named(repository))?;
        let named = |it: Policy| match it.kind.as_deref() {
            Some("tag") => format!("tag:{}", it.name),
            _ => it.name,
        };
        Ok(answer.json::<Policies>()?.branch_policies.into_iter().map(named).collect())
    }

    /// An environment with rules of somebody's is not replaced: GitHub would drop what is not said
    /// again.
    async fn limit_environment(
        &self,
        repository: &Repository,
        branch: &str,
    ) -> Result<(), HostError> {
        let address = environment_address(repository);
        let found = self.environment(repository).await?;
        let names = match found {
            Some(Environment { waits: true, .. })
            | Some(Environment { branches: Branches::Protected, .. }) => return Ok(()),
            Some(Environment { branches: Branches::Named(names), .. }) => names,
            Some(Environment { branches: Branches::All, .. }) | None => {
                let policy = json!({"protected_branches": false, "custom_branch_policies": true});
                let body = json!({"deployment_branch_policy": policy});
                self.make(Method::PUT, &address, &body, repository).await?;
                // What an earlier policy named comes back with it.
                self.environment_branches(repository).await?
            }
        };
        if names.iter().any(|it| it == branch) {
            return Ok(());
        }
        let body = json!({"name": branch, "type": "branch"});
        let address = format!("{address}/deployment-branch-policies");
        self.make(Method::POST, &address, &body, repository).await
    }

    async fn subject(&self, repository: &Repository) -> Result<Subject, HostError> {
        let address = format!("{}/actions/oidc/customization/sub", path(repository));
        let wire: WireSubject =
            self.wire.get(&address).await?.or_refusal(&named(repository))?.json()?;
        Ok(Subject {
            default: wire.use_default,
            keys: wire.include_claim_keys,
            immutable: wire.use_immutable_subject,
            prefix: wire.sub_claim_prefix,
        })
    }

    /// A request whose answer says no more than that it was done.
    async fn make(
        &self,
        method: Method,
        address: &str,
        body: &Value,
        repository: &Repository,
    ) -> Result<(), HostError> {
        let answer = self.wire.ask(method, address, Some(body)).await?;
        answer.or_refusal(&named(repository)).map(|_| ())
    }
}

fn environment_address(repository: &Repository) -> String {
    format!("{}/environments/{ENVIRONMENT}", path(repository))
}

//! What a person may do in a repository. Whatever is no clear answer is no permission, or an error.

use serde::Deserialize;

use super::wire::encoded;
use super::{GitHub, User, path};
use crate::code_host::{HostError, Permission};
use crate::domain::job::Person;
use crate::domain::task::Repository;

#[derive(Deserialize)]
struct WirePermission {
    /// `admin`, `write`, `read` or `none`: what any role, also one that an organisation made
    /// up, comes down to.
    permission: String,
    /// The role's own name, which may be anything.
    #[serde(default)]
    role_name: String,
    user: Option<User>,
}

impl GitHub {
    pub(super) async fn permission_once(
        &self,
        repository: &Repository,
        person: &Person,
    ) -> Result<Permission, HostError> {
        if person.login.is_empty() {
            return Ok(Permission::None);
        }
        let login = encoded(&person.login);
        let address = format!("{}/collaborators/{login}/permission", path(repository));
        let thing = format!("the permission of `{}` in `{repository}`", person.login);
        let wire: WirePermission = match self.wire.get(&address).await?.or_refusal(&thing) {
            Ok(answer) => answer.json()?,
            // Nobody has that login, or not any more.
            Err(HostError::NotFound(_)) => return Ok(Permission::None),
            Err(error) => return Err(error),
        };
        // A login that was given up can be taken by anybody; the id stays.
        if wire.user.as_ref().is_none_or(|it| it.id != person.id) {
            return Ok(Permission::None);
        }
        Ok(granted(&wire.permission, &wire.role_name))
    }
}

/// The role's name only ever tells two roles of the same permission apart.
fn granted(permission: &str, role: &str) -> Permission {
    match (permission, role) {
        ("admin", _) => Permission::Admin,
        ("write", "maintain") => Permission::Maintain,
        ("write", _) => Permission::Write,
        ("read", "triage") => Permission::Triage,
        ("read", _) => Permission::Read,
        _ => Permission::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roles_name_grants_nothing_by_itself() {
        for (permission, role, granted_) in [
            ("admin", "admin", Permission::Admin),
            ("write", "maintain", Permission::Maintain),
            ("write", "write", Permission::Write),
            ("write", "security-lead", Permission::Write),
            ("read", "triage", Permission::Triage),
            ("read", "read", Permission::Read),
            ("read", "admin", Permission::Read),
            ("none", "none", Permission::None),
            ("none", "maintain", Permission::None),
            ("", "admin", Permission::None),
            ("ADMIN", "admin", Permission::None),
            ("owner", "owner", Permission::None),
        ] {
            assert_eq!(granted(permission, role), granted_, "{permission} {role}");
        }
    }
}

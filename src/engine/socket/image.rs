//! Images: looked at, named, removed and fetched.

use super::Passage;
use super::endpoint::Call;
use super::passage::{Kind, Look, Place, Way};
use super::query::Kept;

pub(super) fn inspect(call: Call<'_>, name: &str) -> Result<Passage, String> {
    call.about(Kind::Image, name, "/json", &["manifests"], Way::Quick)
}

pub(super) fn tag(mut call: Call<'_>, name: &str) -> Result<Passage, String> {
    let repo = call.query.take("repo")?;
    let tag = call.query.take("tag")?;
    may_name(&call, &joined(&repo, &tag))?;
    let mut kept = Kept::default();
    kept.add("repo", &repo);
    if !tag.is_empty() {
        kept.add("tag", &tag);
    }
    let passage = call.about(Kind::Image, name, "/tag", &[], Way::Quick)?;
    Ok(Passage { after: format!("/tag{}", kept.text()), ..passage })
}

/// Only a name is taken away, and what hangs on it alone; what it was built upon stays.
pub(super) fn remove(mut call: Call<'_>, name: &str) -> Result<Passage, String> {
    // An image that has lost its last name has its id alone.
    let is_id = name.strip_prefix("sha256:").is_some_and(|it| {
        it.len() == 64 && it.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
    });
    let place = match is_id {
        true => Place::Own,
        false => {
            may_name(&call, name)?;
            Place::Nowhere
        }
    };
    let force = call.query.take_bool("force")?;
    call.query.take_bool("noprune")?;
    call.query.finish()?;
    let mut kept = Kept::default();
    kept.add("noprune", "1");
    if force {
        kept.add("force", "1");
    }
    Ok(Passage {
        before: format!("{}/images/", call.version),
        subject: name.to_owned(),
        after: kept.text(),
        looks: vec![Look::new(Kind::Image, name, place)?],
        way: Way::Slow,
        ..Passage::new(String::new())
    })
}

pub(super) fn fetch(mut call: Call<'_>) -> Result<Passage, String> {
    let name = call.query.take("fromImage")?;
    let tag = call.query.take("tag")?;
    let named = joined(&name, &tag);
    Look::new(Kind::Image, &named, Place::Nowhere)?;
    if !call.policy.network {
        return Err(format!(
            "image `{named}` is not here, and checks run without the network: fetch it beforehand \
             on the worker's machine (`docker pull {named}`), or let the operator name the \
             repository in `trust.allow_network`"
        ));
    }
    let mut kept = Kept::default();
    kept.add("fromImage", &name);
    if !tag.is_empty() {
        kept.add("tag", &tag);
    }
    call.query.keep(&["platform"], &mut kept)?;
    call.query.finish()?;
    let target = format!("{}/images/create{}", call.version, kept.text());
    Ok(Passage { way: Way::Slow, ..Passage::new(target) })
}

/// Refuses a name that this client may not give or take away.
pub(super) fn may_name(call: &Call<'_>, name: &str) -> Result<(), String> {
    match call.policy.may_name(name) {
        true => Ok(()),
        false => Err(format!(
            "the image name `{}` is not one to build, tag or remove here; allowed: {}",
            name.chars().take(200).collect::<String>().escape_debug(),
            call.policy.nameable()
        )),
    }
}

fn joined(name: &str, tag: &str) -> String {
    match tag {
        "" => name.to_owned(),
        digest if digest.contains(':') => format!("{name}@{digest}"),
        tag => format!("{name}:{tag}"),
    }
}

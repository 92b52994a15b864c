//! Containers and volumes that are made.

use serde_json::{Map, Value};

use super::Passage;
use super::endpoint::Call;
use super::passage::{Body, Kind, Look, Place, Way};
use super::query::Kept;
use super::taken::Taken;
use super::{host_config, mount, network};

pub(super) fn container(mut call: Call<'_>) -> Result<Passage, String> {
    let mut kept = Kept::default();
    let name = call.query.take("name")?;
    if !name.is_empty() {
        let name = name.strip_prefix('/').unwrap_or(&name);
        Look::new(Kind::Container, name, Place::Nowhere)?;
        kept.add("name", name);
    }
    call.query.keep(&["platform"], &mut kept)?;

    let mut wanted = Taken::of(call.json()?, "")?;
    let mut body = Map::new();
    let known = [
        "Hostname",
        "Domainname",
        "User",
        "AttachStdin",
        "AttachStdout",
        "AttachStderr",
        "ExposedPorts",
        "Tty",
        "OpenStdin",
        "StdinOnce",
        "Env",
        "Cmd",
        "Healthcheck",
        "ArgsEscaped",
        "WorkingDir",
        "Entrypoint",
        "StopSignal",
        "StopTimeout",
        "Shell",
        "NetworkDisabled",
    ];
    wanted.keep(&known, &mut body);
    let image = wanted.take_text("Image")?;
    let mut looks = vec![Look::new(Kind::Image, &image, Place::Base)?];
    body.insert("Image".into(), image.into());
    let labels = call.policy.labelled(wanted.take("Labels"), "Labels")?;
    body.insert("Labels".into(), labels);

    let mut changed = Vec::new();
    let mut host = host_config::Narrowed::of(call.policy, wanted.take("HostConfig"))?;
    for target in volumes(wanted.take("Volumes"))? {
        host.mounts.volume("", &target, false, false, &mut host.looks)?;
    }
    let networks =
        network::joining(call.policy, wanted.take("NetworkingConfig"), &host.mode, &mut looks)?;
    body.insert("NetworkingConfig".into(), networks);
    wanted.finish()?;
    looks.append(&mut host.looks);
    changed.append(&mut host.changed);
    body.insert("HostConfig".into(), host.into_value());

    call.query.finish()?;
    let target = format!("{}/containers/create{}", call.version, kept.text());
    Ok(Passage {
        body: Body::Json(Value::Object(body)),
        looks,
        changed,
        way: Way::Slow,
        ..Passage::new(target)
    })
}

pub(super) fn volume(call: Call<'_>) -> Result<Passage, String> {
    let mut wanted = Taken::of(call.json()?, "")?;
    let mut body = Map::new();
    let mut looks = Vec::new();
    let name = wanted.take_text("Name")?;
    if !name.is_empty() {
        looks.push(Look::new(Kind::Volume, &name, Place::Made)?);
        body.insert("Name".into(), name.into());
    }
    mount::local(&wanted.take_text("Driver")?)?;
    body.insert("Driver".into(), "local".into());
    let labels = call.policy.labelled(wanted.take("Labels"), "Labels")?;
    body.insert("Labels".into(), labels);
    wanted.finish()?;
    let passage = call.plain("volumes/create")?;
    Ok(Passage { body: Body::Json(Value::Object(body)), looks, ..passage })
}

/// Places for volumes without a name.
fn volumes(wanted: Value) -> Result<Vec<String>, String> {
    match wanted {
        Value::Null => Ok(Vec::new()),
        Value::Object(map) if map.values().all(super::taken::is_nothing) => {
            Ok(map.into_iter().map(|(target, _)| target).collect())
        }
        _ => Err("`Volumes` is not a map of folders".into()),
    }
}

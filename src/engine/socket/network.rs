//! Networks: bridges of the client's own, which lead nowhere unless the policy says so.

use serde_json::{Map, Value, json};

use super::endpoint::Call;
use super::passage::{Body, Kind, Look, Place, Way};
use super::taken::Taken;
use super::{Passage, Policy};

pub(super) fn create(call: Call<'_>) -> Result<Passage, String> {
    let mut wanted = Taken::of(call.json()?, "")?;
    let mut body = Map::new();
    body.insert("Name".into(), wanted.take_text("Name")?.into());
    wanted.keep(&["CheckDuplicate", "Attachable"], &mut body);
    body.insert("Driver".into(), bridge(&mut wanted)?.into());
    let internal = wanted.take_bool("Internal")? || !call.policy.network;
    body.insert("Internal".into(), internal.into());
    let labels = call.policy.labelled(wanted.take("Labels"), "Labels")?;
    body.insert("Labels".into(), labels);
    let mut ipam = wanted.take_object("IPAM")?;
    if !matches!(ipam.take_text("Driver")?.as_str(), "" | "default") {
        return Err("`IPAM.Driver` must be `default`".into());
    }
    ipam.finish()?;
    if !matches!(wanted.take_text("Scope")?.as_str(), "" | "local") {
        return Err("`Scope` must be `local`".into());
    }
    // Newer clients say that they want IPv4, which is what there is anyway.
    if wanted.take("EnableIPv4") == Value::Bool(false) {
        return Err("`EnableIPv4` cannot be switched off here".into());
    }
    wanted.finish()?;
    if internal {
        // The bridge gets no address of its own: an internal network reaches its containers,
        // not the machine that they run on.
        body.insert("Options".into(), json!({"com.docker.network.bridge.inhibit_ipv4": "true"}));
    }
    let passage = call.plain("networks/create")?;
    Ok(Passage { body: Body::Json(Value::Object(body)), ..passage })
}

pub(super) fn connect(call: Call<'_>, id: &str, verb: &str) -> Result<Passage, String> {
    let mut wanted = Taken::of(call.json()?, "")?;
    let container = wanted.take_text("Container")?;
    let mut body = Map::new();
    body.insert("Container".into(), container.clone().into());
    let mut looks = vec![Look::new(Kind::Container, &container, at("/Container"))?];
    if verb == "connect" {
        let name = "EndpointConfig";
        body.insert(name.into(), endpoint(wanted.take(name), name, &mut looks)?);
    } else {
        wanted.keep(&["Force"], &mut body);
    }
    wanted.finish()?;
    let mut passage = call.about(Kind::Network, id, &format!("/{verb}"), &[], Way::Quick)?;
    passage.looks.append(&mut looks);
    Ok(Passage { body: Body::Json(Value::Object(body)), ..passage })
}

/// The networks that a container is made with.
pub(super) fn joining(
    policy: &Policy,
    wanted: Value,
    mode: &str,
    looks: &mut Vec<Look>,
) -> Result<Value, String> {
    let mut wanted = Taken::of(wanted, "NetworkingConfig")?;
    let given = match wanted.take("EndpointsConfig") {
        Value::Null => Map::new(),
        Value::Object(given) => given,
        _ => return Err("`NetworkingConfig.EndpointsConfig` is not an object".into()),
    };
    wanted.finish()?;
    let mut networks = Map::new();
    if mode == "none" || mode.starts_with("container:") {
        let own = |it: &&String| !is_built_in(it);
        if let Some(other) = given.keys().find(own) {
            return Err(format!(
                "the network `{}` is named beside `NetworkMode: {}`; name it there",
                other.escape_debug(),
                mode.escape_debug()
            ));
        }
    } else {
        for (name, settings) in given {
            let at = format!("NetworkingConfig.EndpointsConfig.{name}");
            let settings = endpoint(settings, &at, looks)?;
            if policy.network && matches!(name.as_str(), "default" | "bridge") {
                networks.insert(name, settings);
                continue;
            }
            looks.push(Look::new(Kind::Network, &name, Place::Nowhere)?);
            networks.insert(name, settings);
        }
    }
    Ok(json!({"EndpointsConfig": networks}))
}

/// Networks that every engine has.
pub(super) fn is_built_in(name: &str) -> bool {
    matches!(name, "" | "default" | "bridge" | "none" | "nat" | "host")
}

pub(super) fn at(pointer: &str) -> Place {
    Place::At { pointer: pointer.to_owned(), before: "", after: String::new() }
}

fn bridge(wanted: &mut Taken) -> Result<&'static str, String> {
    match wanted.take_text("Driver")?.as_str() {
        "" | "bridge" => Ok("bridge"),
        other => Err(format!(
            "a network of the driver `{}` leads to the machine's own networks; use `bridge`",
            other.escape_debug()
        )),
    }
}

/// How a container stands in a network: by which names it is found there.
fn endpoint(settings: Value, at: &str, looks: &mut Vec<Look>) -> Result<Value, String> {
    let mut wanted = Taken::of(settings, at)?;
    let mut kept = Map::new();
    wanted.keep(&["Aliases"], &mut kept);
    let links = wanted.take_texts("Links")?;
    for link in &links {
        let container = link.split_once(':').map_or(link.as_str(), |(it, _)| it);
        let container = container.strip_prefix('/').unwrap_or(container);
        looks.push(Look::new(Kind::Container, container, Place::Nowhere)?);
    }
    if !links.is_empty() {
        kept.insert("Links".into(), links.into());
    }
    // What an inspection told, sent back: the engine fills these itself.
    let own = ["NetworkID", "EndpointID", "Gateway", "IPAddress", "DNSNames", "IPPrefixLen"];
    for key in own {
        wanted.take(key);
    }
    wanted.finish()?;
    Ok(Value::Object(kept))
}

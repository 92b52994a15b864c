//! `POST /build`: the classic builder, with limits, labels, and no network unless the policy has it.

use serde_json::{Map, Value};

use super::endpoint::Call;
use super::host_config::ulimits;
use super::passage::{Body, Kind, Look, Place, Way};
use super::query::Kept;
use super::taken::{self, Taken};
use super::{Passage, Policy, image, json};

/// What has to be known of a build to look into its context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The Dockerfile, as it is called in the context.
    pub dockerfile: String,
    /// The values of `--build-arg`.
    pub args: Vec<(String, String)>,
    /// `linux/amd64`, where one is asked for.
    pub platform: String,
}

pub(super) fn passage(mut call: Call<'_>) -> Result<Passage, String> {
    let version = call.query.take("version")?;
    if version == "2" {
        return buildkit(call);
    }
    if !matches!(version.as_str(), "" | "1") {
        return Err("`version` must be 1".into());
    }
    let mut kept = Kept::default();
    kept.add("version", "1");
    for name in call.query.take_all("t").iter().filter(|it| !it.is_empty()) {
        image::may_name(&call, name)?;
        kept.add("t", name);
    }
    let dockerfile = dockerfile(call.query.take("dockerfile")?)?;
    kept.add("dockerfile", &dockerfile);
    let args = json::parse(call.query.take("buildargs")?.as_bytes())?;
    let args = args_of(args)?;
    kept.add("buildargs", &Value::Object(args.clone()).to_string());
    let labels = json::parse(call.query.take("labels")?.as_bytes())?;
    kept.add("labels", &call.policy.labelled(labels, "labels")?.to_string());
    let platform = call.query.take("platform")?;
    if !platform.is_empty() {
        kept.add("platform", &platform);
    }
    call.query.keep(&["target"], &mut kept)?;
    for key in ["nocache", "q"] {
        if call.query.take_bool(key)? {
            kept.add(key, "1");
        }
    }
    // What its steps leave behind is removed, whether it builds or not: it has no label.
    call.query.take("rm")?;
    call.query.take("forcerm")?;
    kept.add("rm", "1");
    kept.add("forcerm", "1");
    let mut passage = Passage::new(String::new());
    if call.query.take_bool("pull")? {
        match call.policy.network {
            true => kept.add("pull", "1"),
            false => passage.changed.push("its base images are not fetched anew".into()),
        }
    }
    passage.looks = cache_from(&mut call, &mut kept)?;
    limits(&mut call, &mut kept)?;
    network(call.policy, &call.query.take("networkmode")?, &mut kept)?;
    call.query.take("buildid")?;
    call.query.finish()?;
    let args = args.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned())));
    passage.before = format!("{}/build{}", call.version, kept.text());
    passage.body = Body::Context(Context { dockerfile, args: args.collect(), platform });
    passage.way = Way::Slow;
    Ok(passage)
}

/// BuildKit, where the operator wants it, gets what it asks for but for names, labels and the
/// machine's own network.
fn buildkit(mut call: Call<'_>) -> Result<Passage, String> {
    if !call.policy.buildkit {
        return Err("BuildKit is not spoken here: build with DOCKER_BUILDKIT=0, or let the \
                    operator set `docker.builder: buildkit`"
            .into());
    }
    let mut kept = Kept::default();
    kept.add("version", "2");
    for name in call.query.take_all("t").iter().filter(|it| !it.is_empty()) {
        image::may_name(&call, name)?;
        kept.add("t", name);
    }
    let labels = json::parse(call.query.take("labels")?.as_bytes())?;
    kept.add("labels", &call.policy.labelled(labels, "labels")?.to_string());
    let remote = call.query.take("remote")?;
    if !matches!(remote.as_str(), "" | "client-session") {
        return Err("`remote` must be the client's own session".into());
    }
    kept.add("remote", "client-session");
    network(call.policy, &call.query.take("networkmode")?, &mut kept)?;
    let known = [
        "dockerfile",
        "buildargs",
        "target",
        "nocache",
        "q",
        "rm",
        "platform",
        "session",
        "buildid",
    ];
    call.query.keep(&known, &mut kept)?;
    limits(&mut call, &mut kept)?;
    for key in ["cachefrom", "pull", "forcerm"] {
        call.query.take(key)?;
    }
    call.query.finish()?;
    let target = format!("{}/build{}", call.version, kept.text());
    Ok(Passage { body: Body::Unseen, way: Way::Slow, ..Passage::new(target) })
}

fn dockerfile(name: String) -> Result<String, String> {
    let name = if name.is_empty() { "Dockerfile".to_owned() } else { name };
    let name: Vec<&str> = name.split('/').filter(|it| !matches!(*it, "" | ".")).collect();
    let odd = |it: &&str| *it == ".." || it.contains(['\\', '\0']);
    if name.is_empty() || name.iter().any(odd) {
        return Err("`dockerfile` must name a file of the context".into());
    }
    Ok(name.join("/"))
}

/// A build argument without a value takes none from the engine.
fn args_of(value: Value) -> Result<Map<String, Value>, String> {
    let mut map = match value {
        Value::Null => Map::new(),
        Value::Object(map) => map,
        _ => return Err("`buildargs` is not an object".into()),
    };
    map.retain(|_, value| !value.is_null());
    taken::strings(Value::Object(map), "buildargs")
}

fn cache_from(call: &mut Call<'_>, kept: &mut Kept) -> Result<Vec<Look>, String> {
    let mut body = Taken::of(
        Value::Object(Map::from_iter([(
            "cachefrom".to_owned(),
            json::parse(call.query.take("cachefrom")?.as_bytes())?,
        )])),
        "",
    )?;
    let images = body.take_texts("cachefrom")?;
    if !images.is_empty() {
        kept.add("cachefrom", &Value::from(images.clone()).to_string());
    }
    images.iter().map(|it| Look::new(Kind::Image, it, Place::Made)).collect()
}

fn limits(call: &mut Call<'_>, kept: &mut Kept) -> Result<(), String> {
    let policy = call.policy;
    let number = |text: String| match text.as_str() {
        "" => Ok(0),
        text => text.parse::<i64>().map_err(|_| "a limit is not a whole number".to_owned()),
    };
    let most = i64::try_from(policy.memory).unwrap_or(i64::MAX);
    let memory = number(call.query.take("memory")?)?;
    let memory = if memory <= 0 { most } else { memory.min(most) };
    number(call.query.take("memswap")?)?;
    kept.add("memory", &memory.to_string());
    kept.add("memswap", &memory.to_string());
    let shared = number(call.query.take("shmsize")?)?;
    if shared > 0 {
        kept.add("shmsize", &shared.min(memory).to_string());
    }
    #[expect(clippy::cast_possible_truncation, reason = "a few processors")]
    let quota = (policy.cpus * 100_000.0) as i64;
    call.query.take("cpuperiod")?;
    call.query.take("cpuquota")?;
    kept.add("cpuperiod", "100000");
    kept.add("cpuquota", &quota.max(1000).to_string());
    let wanted = match json::parse(call.query.take("ulimits")?.as_bytes())? {
        Value::Null => Vec::new(),
        Value::Array(list) => list,
        _ => return Err("`ulimits` is not a list".into()),
    };
    kept.add("ulimits", &ulimits(wanted, policy)?.to_string());
    Ok(())
}

fn network(policy: &Policy, wanted: &str, kept: &mut Kept) -> Result<(), String> {
    if !matches!(wanted, "" | "default" | "bridge" | "none") {
        return Err(format!(
            "a build may not use the network `{}`; leave `--network` out",
            wanted.chars().take(80).collect::<String>().escape_debug()
        ));
    }
    kept.add("networkmode", if policy.network && wanted != "none" { "default" } else { "none" });
    Ok(())
}

//! Which of the engine's endpoints are open, and by which door each is entered.

use serde_json::{Map, Value};

use super::passage::{Body, Kind, Look, Passage, Place, Reply, Way};
use super::path::Path;
use super::query::{Kept, Query};
use super::taken::Taken;
use super::{Policy, Request, build, create, filter, image, json, network};

/// A request, taken apart.
pub(super) struct Call<'a> {
    pub(super) policy: &'a Policy,
    pub(super) version: &'a str,
    pub(super) query: Query,
    body: &'a [u8],
}

/// Whether a body is a stream.
pub(super) fn streams(method: &str, segments: &[&str]) -> bool {
    method == "POST" && matches!(segments, ["build" | "session" | "grpc"])
}

/// The way in for a request, or why there is none.
pub(super) fn passage(policy: &Policy, request: &Request<'_>) -> Result<Passage, String> {
    let path = Path::parse(request.target)?;
    let query = Query::parse(path.query)?;
    let call = Call { policy, version: path.version, query, body: request.body };
    match (request.method, path.segments.as_slice()) {
        ("GET", [first, rest @ ..]) => read(call, first, rest),
        ("HEAD", ["_ping"]) => call.plain("_ping"),
        ("POST", ["build"]) => build::passage(call),
        ("POST", [first, rest @ ..]) => write(call, first, rest),
        ("DELETE", ["containers", id]) => {
            call.about(Kind::Container, id, "", &["v", "force"], Way::Slow)
        }
        ("DELETE", ["images", name @ ..]) => image::remove(call, &name.join("/")),
        ("DELETE", ["networks", id]) => call.about(Kind::Network, id, "", &[], Way::Quick),
        ("DELETE", ["volumes", id]) => call.about(Kind::Volume, id, "", &["force"], Way::Quick),
        _ => Err(closed()),
    }
}

fn read(call: Call<'_>, first: &str, rest: &[&str]) -> Result<Passage, String> {
    match (first, rest) {
        ("_ping" | "version", []) => call.plain(first),
        ("info", []) => {
            let passage = call.plain("info")?;
            Ok(Passage { reply: Reply::AboutTheEngine, ..passage })
        }
        ("events", []) => {
            let passage = call.list("events", &["since", "until"])?;
            Ok(Passage { way: Way::Slow, ..passage })
        }
        ("containers", ["json"]) => call.list("containers/json", &["all", "limit", "size"]),
        ("containers", [id, "json"]) => {
            call.about(Kind::Container, id, "/json", &["size"], Way::Quick)
        }
        ("containers", [id, "logs"]) => {
            let known =
                ["follow", "stdout", "stderr", "since", "until", "timestamps", "tail", "details"];
            call.about(Kind::Container, id, "/logs", &known, Way::Slow)
        }
        ("exec", [id, "json"]) => call.about(Kind::Exec, id, "/json", &[], Way::Quick),
        ("images", ["json"]) => {
            call.list("images/json", &["all", "digests", "shared-size", "manifests"])
        }
        ("images", [name @ .., "json"]) => image::inspect(call, &name.join("/")),
        ("networks", []) => call.list("networks", &[]),
        ("networks", [id]) => call.about(Kind::Network, id, "", &["verbose", "scope"], Way::Quick),
        ("volumes", []) => call.list("volumes", &[]),
        ("volumes", [id]) => call.about(Kind::Volume, id, "", &[], Way::Quick),
        _ => Err(closed()),
    }
}

fn write(call: Call<'_>, first: &str, rest: &[&str]) -> Result<Passage, String> {
    match (first, rest) {
        ("containers", ["create"]) => create::container(call),
        ("containers", ["prune"]) => Err(closed()),
        ("containers", [id, verb]) => act(call, id, verb),
        ("exec", [id, "start"]) => exec_start(call, id),
        ("exec", [id, "resize"]) => call.about(Kind::Exec, id, "/resize", &["h", "w"], Way::Quick),
        ("images", ["create"]) => image::fetch(call),
        ("images", [name @ .., "tag"]) => image::tag(call, &name.join("/")),
        ("networks", ["create"]) => network::create(call),
        ("networks", [id, verb @ ("connect" | "disconnect")]) => network::connect(call, id, verb),
        ("volumes", ["create"]) => create::volume(call),
        ("session" | "grpc", []) if call.policy.buildkit => {
            let passage = call.plain(first)?;
            Ok(Passage { body: Body::Unseen, way: Way::Hijack, ..passage })
        }
        ("session" | "grpc", []) => Err(format!(
            "BuildKit is not spoken here: build with DOCKER_BUILDKIT=0, or let the operator set \
             `docker.builder: buildkit` ({first})"
        )),
        _ => Err(closed()),
    }
}

fn act(call: Call<'_>, id: &str, verb: &str) -> Result<Passage, String> {
    let (after, known, way): (&str, &[&str], Way) = match verb {
        "start" => ("/start", &["detachKeys"], Way::Slow),
        "stop" => ("/stop", &["t", "signal"], Way::Slow),
        "restart" => ("/restart", &["t", "signal"], Way::Slow),
        "kill" => ("/kill", &["signal"], Way::Quick),
        "wait" => ("/wait", &["condition"], Way::Slow),
        "resize" => ("/resize", &["h", "w"], Way::Quick),
        "attach" => {
            let known = ["detachKeys", "logs", "stream", "stdin", "stdout", "stderr"];
            return call.about(Kind::Container, id, "/attach", &known, Way::Hijack);
        }
        "exec" => return exec_create(call, id),
        _ => return Err(closed()),
    };
    call.about(Kind::Container, id, after, known, way)
}

fn exec_create(call: Call<'_>, id: &str) -> Result<Passage, String> {
    let mut wanted = Taken::of(call.json()?, "")?;
    let mut body = Map::new();
    let known = [
        "AttachStdin",
        "AttachStdout",
        "AttachStderr",
        "DetachKeys",
        "Tty",
        "Env",
        "Cmd",
        "WorkingDir",
        "User",
        "ConsoleSize",
        "Detach",
    ];
    wanted.keep(&known, &mut body);
    wanted.finish()?;
    let passage = call.about(Kind::Container, id, "/exec", &[], Way::Quick)?;
    Ok(Passage { body: Body::Json(Value::Object(body)), ..passage })
}

fn exec_start(call: Call<'_>, id: &str) -> Result<Passage, String> {
    let mut wanted = Taken::of(call.json()?, "")?;
    let mut body = Map::new();
    let detached = wanted.take_bool("Detach")?;
    body.insert("Detach".into(), detached.into());
    wanted.keep(&["Tty", "ConsoleSize"], &mut body);
    wanted.finish()?;
    let way = if detached { Way::Slow } else { Way::Hijack };
    let passage = call.about(Kind::Exec, id, "/start", &[], way)?;
    Ok(Passage { body: Body::Json(Value::Object(body)), ..passage })
}

impl Call<'_> {
    /// The body, which has one meaning.
    pub(super) fn json(&self) -> Result<Value, String> {
        json::parse(self.body)
    }

    /// A request about nothing in particular.
    pub(super) fn plain(self, name: &str) -> Result<Passage, String> {
        self.query.finish()?;
        Ok(Passage::new(format!("{}/{name}", self.version)))
    }

    /// A list of what is the client's own.
    fn list(mut self, name: &str, known: &[&str]) -> Result<Passage, String> {
        let mut kept = Kept::default();
        kept.add("filters", &filter::own_only(self.policy, &mut self.query)?);
        self.query.keep(known, &mut kept)?;
        self.query.finish()?;
        Ok(Passage::new(format!("{}/{name}{}", self.version, kept.text())))
    }

    /// A request about one thing, which must be the client's own.
    pub(super) fn about(
        mut self,
        kind: Kind,
        name: &str,
        after: &str,
        known: &[&str],
        way: Way,
    ) -> Result<Passage, String> {
        let mut kept = Kept::default();
        self.query.keep(known, &mut kept)?;
        self.query.finish()?;
        let room = match kind {
            Kind::Container => "containers",
            Kind::Network => "networks",
            Kind::Volume => "volumes",
            Kind::Image => "images",
            Kind::Exec => "exec",
        };
        Ok(Passage {
            before: format!("{}/{room}/", self.version),
            subject: name.to_owned(),
            after: format!("{after}{}", kept.text()),
            looks: vec![Look::new(kind, name, Place::Subject)?],
            way,
            ..Passage::new(String::new())
        })
    }
}

fn closed() -> String {
    "this part of the engine is closed here; what is open: building, running, watching and \
     removing one's own containers, images, networks and volumes"
        .to_owned()
}

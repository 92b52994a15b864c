//! Ways out. Each is first shown to be one: the engine itself accepts it.

use serde_json::{Value, json};

use super::world::{World, ask, engine, image, json as parsed};

/// A body of `POST /containers/create` with this `HostConfig`.
fn create(host: Value) -> (String, String) {
    let body = json!({"Image": image(), "Cmd": ["true"], "HostConfig": host});
    ("POST /v1.41/containers/create".into(), body.to_string())
}

/// A container of somebody else, stopped, whose id the attacks know.
struct Victim(String);

impl Victim {
    async fn new() -> Self {
        let body = json!({"Image": image(), "Cmd": ["sleep", "600"], "HostConfig": {"Init": true, "NetworkMode": "none"}});
        let (status, made) = raw("POST /v1.41/containers/create", &body.to_string()).await;
        assert_eq!(status, 201, "{made}");
        let id = parsed(&made)["Id"].as_str().unwrap().to_owned();
        assert_eq!(raw(&format!("POST /v1.41/containers/{id}/start"), "").await.0, 204);
        Self(id)
    }

    async fn end(self) {
        raw(&format!("DELETE /v1.41/containers/{}?force=1&v=1", self.0), "").await;
    }
}

async fn raw(request: &str, body: &str) -> (u16, String) {
    ask(&engine(), request, body).await
}

fn attacks(victim: &str, name: &str) -> Vec<(String, String)> {
    let image = image();
    let mut all: Vec<(String, String)> = [
        json!({"Privileged": true}),
        json!({"privileged": true}),
        json!({"Binds": ["/:/host"]}),
        json!({"binds": ["/etc:/host:ro"]}),
        json!({"Binds": ["/var/run/docker.sock:/var/run/docker.sock"]}),
        json!({"Mounts": [{"Type": "bind", "Source": "/", "Target": "/host"}]}),
        json!({"mounts": [{"type": "bind", "source": "/proc", "target": "/host"}]}),
        json!({"Mounts": [{"Type": "volume", "Target": "/host", "VolumeOptions": {"DriverConfig":
            {"Name": "local", "Options": {"type": "none", "o": "bind", "device": "/etc"}}}}]}),
        json!({"NetworkMode": "host"}),
        json!({"PidMode": "host"}),
        json!({"IpcMode": "host"}),
        json!({"UTSMode": "host"}),
        json!({"UsernsMode": "host"}),
        json!({"CapAdd": ["SYS_ADMIN"]}),
        json!({"CapAdd": ["ALL"]}),
        json!({"SecurityOpt": ["seccomp=unconfined"]}),
        json!({"SecurityOpt": ["apparmor=unconfined"]}),
        json!({"SecurityOpt": ["label=disable"]}),
        json!({"Devices": [{"PathOnHost": "/dev/kmsg", "PathInContainer": "/dev/kmsg", "CgroupPermissions": "rwm"}]}),
        json!({"DeviceCgroupRules": ["a *:* rwm"]}),
        json!({"MaskedPaths": ["/nothing"]}),
        json!({"ReadonlyPaths": ["/nothing"]}),
        json!({"Sysctls": {"net.ipv4.ip_forward": "1"}}),
        json!({"CgroupParent": "/"}),
        json!({"OomScoreAdj": -1000}),
        json!({"OomKillDisable": true}),
        json!({"GroupAdd": ["0"]}),
        json!({"VolumesFrom": [victim]}),
        json!({"PidMode": format!("container:{victim}")}),
        json!({"NetworkMode": format!("container:{victim}")}),
        json!({"ExtraHosts": ["me:host-gateway"]}),
        json!({"Ulimits": [{"Name": "memlock", "Soft": -1, "Hard": -1}]}),
        json!({"LogConfig": {"Type": "syslog", "Config": {"syslog-address": "udp://127.0.0.1:514"}}}),
    ]
    .into_iter()
    .map(create)
    .collect();
    // The old, flat form of a container's settings.
    let flat = json!({"Image": image, "Cmd": ["true"], "Binds": ["/:/host"], "Privileged": true});
    all.push(("POST /v1.41/containers/create".into(), flat.to_string()));
    let doubled = format!(
        r#"{{"Image": "{image}", "Cmd": ["true"], "HostConfig": {{"Privileged": false}}, "HostConfig": {{"Privileged": true}}}}"#
    );
    all.push(("POST /v1.41/containers/create".into(), doubled));
    let volume = json!({"Name": format!("{name}-bind"), "Driver": "local",
        "DriverOpts": {"type": "none", "o": "bind", "device": "/"}});
    all.push(("POST /v1.41/volumes/create".into(), volume.to_string()));
    for request in [
        format!("GET /v1.41/containers/{victim}/json"),
        format!("GET //v1.41//containers/{victim}/json"),
        format!("GET /v1.41/containers/{victim}/%6Ason"),
        format!("GET /v1.41/containers/../containers/{victim}/json"),
        format!("GET /v1.41/containers/{victim}/logs?stdout=1"),
        format!("GET /v1.41/containers/{victim}/archive?path=/etc/hostname"),
        format!("GET /v1.41/containers/{victim}/top"),
        format!("GET /v1.41/containers/{victim}/changes"),
        format!("POST /v1.41/containers/{victim}/rename?name={name}-renamed"),
        format!("POST /v1.41/containers/{victim}/pause"),
        format!("POST /v1.41/containers/{victim}/unpause"),
        format!("POST /v1.41/containers/{victim}/resize?h=10&w=10"),
        format!("POST /v1.41/commit?container={victim}&repo=codingworker-{name}"),
        format!("POST /v1.41/images/{image}/tag?repo={name}&tag=stolen"),
        format!("DELETE /v1.41/images/{name}:stolen"),
        format!("GET /v1.41/images/{image}/history"),
        "GET /v1.41/system/df".into(),
        "GET /v1.41/plugins".into(),
        "GET /v1.41/containers/json?all=1&filters={%22before%22:[%22".to_owned() + victim + "%22]}",
        "POST /v1.41/containers/prune?filters={%22label%22:[%22px-no-such%22]}".into(),
        "POST /v1.41/volumes/prune?filters={%22label%22:[%22px-no-such%22]}".into(),
        "POST /v1.41/images/prune?filters={%22label%22:[%22px-no-such%22]}".into(),
        format!("POST /v1.18/containers/{victim}/restart?t=0"),
    ] {
        all.push((request, String::new()));
    }
    let exec = json!({"Cmd": ["true"], "Privileged": true});
    all.push((format!("POST /v1.41/containers/{victim}/exec"), exec.to_string()));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_engine_accepts_is_refused_here_and_told_to_the_witness() {
    let world = World::new().await;
    let victim = Victim::new().await;
    let attacks = attacks(&victim.0, &world.name);
    let mut wrong = Vec::new();
    for (request, body) in &attacks {
        let before = world.refused().len();
        let (status, said) = world.ask(request, body).await;
        if !matches!(status, 403 | 404) || world.refused().len() != before + 1 {
            wrong.push(format!("the proxy lets through: {request} {body}: {status} {said}"));
        }
        let (status, said) = raw(request, body).await;
        if !matches!(status, 200..=204 | 301) {
            wrong.push(format!("not a way out: {request} {body}: {status} {said}"));
        }
        clean(request, &said).await;
    }
    victim.end().await;
    raw(&format!("DELETE /v1.41/images/codingworker-{}", world.name), "").await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(attacks.len() >= 50, "{}", attacks.len());
}

/// Takes away what the control has made.
async fn clean(request: &str, said: &str) {
    let made = parsed(said);
    let gone = match request.split(' ').nth(1) {
        Some("/v1.41/containers/create") => "containers",
        Some("/v1.41/networks/create") => "networks",
        Some("/v1.41/volumes/create") => "volumes",
        _ => return,
    };
    let name = made.get("Id").or_else(|| made.get("Name")).and_then(Value::as_str);
    if let Some(name) = name {
        raw(&format!("DELETE /v1.41/{gone}/{name}?force=1&v=1"), "").await;
    }
}

/// Accepted by other engines, or too dangerous to be shown on this one.
#[tokio::test(flavor = "multi_thread")]
async fn what_this_engine_cannot_be_asked_for_is_refused_as_well() {
    let world = World::new().await;
    let requests = [
        "POST /v1.41/swarm/init",
        "POST /v1.41/swarm/leave?force=1",
        "GET /v1.41/swarm",
        "GET /v1.41/nodes",
        "POST /v1.41/services/create",
        "GET /v1.41/secrets",
        "POST /v1.41/plugins/pull?remote=evil",
        "POST /v1.41/auth",
        "POST /v1.41/images/load",
        "POST /v1.41/images/create?fromSrc=-&repo=codingworker-x",
        "POST /v1.41/images/create?fromImage=busybox&tag=latest",
        "GET /v1.41/images/search?term=x",
        "GET /v1.41/images/get?names=base",
        "GET /v1.41/distribution/busybox/json",
        "POST /v1.41/session",
        "POST /v1.41/grpc",
        "POST /v1.41/build?remote=http://127.0.0.1/",
        "POST /v1.41/build?networkmode=host",
        "POST /v1.41/build?version=2",
        "POST /v1.41/build?t=debian",
        "POST /v1.41/build/prune",
        "POST /v1.41/build?cgroupparent=/",
        "POST /v1.41/build?extrahosts=a:1.2.3.4",
        "POST /v1.41/build?dockerfile=../x",
        "POST /v1.41/build?networkmode=none&networkmode=host",
        "GET /debug/pprof/",
        "GET /metrics",
        "PUT /v1.41/containers/x/archive?path=/",
        "OPTIONS /v1.41/containers/json",
        "CONNECT /v1.41/containers/json",
        "GET /v1.41/Containers/json",
        "GET /v1.41/containers/json/",
        "GET /v1.41/..%2finfo",
        "GET http://docker/v1.41/info",
        "GET /V1.41/info",
        "GET /v1.041/info",
    ];
    for request in requests {
        let before = world.refused().len();
        let (status, said) = world.ask(request, "").await;
        let heard = world.refused().len() == before + 1;
        // What is no request of HTTP at all never gets as far as the witness.
        assert!(status == 403 && heard || status == 400, "{request}: {status} {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_request_cannot_be_hidden_in_the_first() {
    let world = World::new().await;
    let victim = Victim::new().await;
    let hidden = format!("GET /v1.41/containers/{}/json HTTP/1.1\r\nHost: x\r\n\r\n", victim.0);
    let heads = [
        format!("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {}\r\n\r\n{hidden}", hidden.len()),
        format!("Content-Length: 0\r\nContent-Length: {}\r\n\r\n{hidden}", hidden.len()),
        format!("Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("X: a\r\n\tContent-Length: 5\r\n\r\n{hidden}"),
        format!("Upgrade: tcp\r\nConnection: Upgrade\r\n\r\n{hidden}"),
        format!(
            "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAA\r\n\r\n{hidden}"
        ),
    ];
    for head in heads {
        let bytes = format!("GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}");
        let socket = world.socket();
        let sent =
            tokio::task::spawn_blocking(move || super::world::send(&socket, bytes.as_bytes()));
        let (_, said) = sent.await.unwrap();
        assert!(!said.contains("NetworkSettings"), "{head:?}: {said}");
    }
    victim.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_tells_only_what_is_needed_about_itself() {
    let world = World::new().await;
    let (status, said) = world.ask("GET /v1.41/info", "").await;
    let info = parsed(&said);
    assert_eq!((status, &info["Name"]), (200, &json!("codingworker")));
    assert_eq!(
        info.get("HttpProxy").or(info.get("Containers")).or(info.get("DockerRootDir")),
        None
    );
    assert!(info["ServerVersion"].is_string());
}

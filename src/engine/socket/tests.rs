use serde_json::json;

use super::*;

mod odd;

fn policy() -> Policy {
    Policy {
        labels: vec![
            ("codingworker.worker".into(), "w".into()),
            ("codingworker.job".into(), "j".into()),
        ],
        network: false,
        mounts: vec![
            ("/srv/tree".into(), "/srv/tree".into()),
            ("/box/tree".into(), "/vol/tree".into()),
        ],
        mounts_below: Some("/state".into()),
        memory: 1 << 30,
        processes: 100,
        cpus: 1.5,
        images: vec!["codingworker-app-1".into()],
        buildkit: false,
    }
}

fn open() -> Policy {
    Policy { network: true, buildkit: true, images: Vec::new(), ..policy() }
}

fn ask(policy: &Policy, request: &str, body: &str) -> Result<Passage, String> {
    let (method, target) = request.split_once(' ').unwrap();
    match judge(policy, &Request { method, target, body: body.as_bytes() }) {
        Verdict::Pass(passage) => Ok(*passage),
        Verdict::Refuse(why) => Err(why),
    }
}

fn create(host: &Value) -> Result<Value, String> {
    let body = json!({"Image": "a", "HostConfig": host}).to_string();
    let passage = ask(&policy(), "POST /v1.41/containers/create", &body)?;
    match passage.body {
        Body::Json(body) => Ok(body),
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn what_a_project_needs_is_open() {
    for request in [
        "GET /_ping",
        "HEAD /_ping",
        "GET /v1.41/version",
        "GET /v1.41/info",
        "GET /v1.41/events",
        "GET /v1.41/containers/json?all=1",
        "GET /v1.41/containers/a/json",
        "POST /v1.41/containers/a/start",
        "POST /v1.41/containers/a/stop?t=1",
        "POST /v1.41/containers/a/kill?signal=TERM",
        "POST /v1.41/containers/a/wait?condition=removed",
        "POST /v1.41/containers/a/resize?h=1&w=1",
        "POST /v1.41/containers/a/attach?stream=1&stdin=1",
        "POST /v1.41/containers/a/restart",
        "GET /v1.41/containers/a/logs?follow=1",
        "DELETE /v1.41/containers/a?force=1&v=1",
        "POST /v1.41/containers/a/exec",
        "POST /v1.41/exec/a/start",
        "GET /v1.41/exec/a/json",
        "POST /v1.41/exec/a/resize?h=1&w=2",
        "GET /v1.41/images/json",
        "GET /v1.41/images/a/b:c/json",
        "POST /v1.41/images/a/tag?repo=codingworker-app-1&tag=x",
        "DELETE /v1.41/images/codingworker-app-1:x",
        "POST /v1.41/build?t=codingworker-app-1&networkmode=default&pull=0",
        "GET /v1.41/networks",
        "GET /v1.41/networks/a",
        "DELETE /v1.41/networks/a",
        "GET /v1.41/volumes",
        "GET /volumes/a",
        "DELETE /v1.41/volumes/a",
        "POST /v1.41/volumes/create",
        "POST /v1.24/containers/a/start",
    ] {
        assert!(
            ask(&policy(), request, "").is_ok(),
            "{request}: {:?}",
            ask(&policy(), request, "")
        );
    }
    for request in [
        "POST /v1.41/images/create?fromImage=a&tag=b",
        "POST /session",
        "POST /grpc",
        "POST /v1.41/build?version=2&session=x&remote=client-session",
    ] {
        assert!(ask(&open(), request, "").is_ok(), "{request}");
        assert!(ask(&policy(), request, "").is_err(), "{request}");
    }
}

#[test]
fn everything_else_is_closed() {
    for request in [
        "GET /",
        "GET /v1.41",
        "GET /v1.41/",
        "GET /v1.23/info",
        "GET /v1.4/info",
        "GET /v1.041/info",
        "GET /v2.0/info",
        "GET /V1.41/info",
        "GET /v1.41/Info",
        "GET /v1.41/info/",
        "GET //info",
        "GET /v1.41//info",
        "GET /v1.41/./info",
        "GET /v1.41/x/../info",
        "GET /%69nfo",
        "GET /info%2f",
        "GET /v1.41/info#x",
        "GET /v1.41/info;x",
        "GET info",
        "GET /v1.41/v1.41/info",
        "GET /info?x=1",
        "PUT /info",
        "get /info",
        "PATCH /info",
        "TRACE /info",
        "GET /v1.41/containers/a/top",
        "GET /v1.41/containers/a/stats",
        "GET /v1.41/containers/a/changes",
        "GET /v1.41/containers/a/export",
        "GET /v1.41/containers/a/archive?path=/",
        "PUT /v1.41/containers/a/archive?path=/",
        "HEAD /v1.41/containers/a/archive?path=/",
        "POST /v1.41/containers/a/update",
        "POST /v1.41/containers/a/rename?name=b",
        "POST /v1.41/containers/a/pause",
        "POST /v1.41/containers/a/copy",
        "GET /v1.41/containers/a/attach/ws",
        "POST /v1.41/containers/prune",
        "POST /v1.41/containers/a/checkpoints",
        "POST /v1.41/containers/a/start?checkpoint=x",
        "POST /v1.41/commit?container=a",
        "POST /v1.41/images/load",
        "GET /v1.41/images/get",
        "GET /v1.41/images/a/get",
        "GET /v1.41/images/a/history",
        "POST /v1.41/images/a/push",
        "GET /v1.41/images/search?term=x",
        "POST /v1.41/images/prune",
        "POST /v1.41/images/create?fromSrc=-",
        "POST /v1.41/images/a/tag?repo=debian",
        "POST /v1.41/images/a/tag?repo=codingworker-app-1&repo=debian",
        "DELETE /v1.41/images/debian",
        "DELETE /v1.41/images/codingworker-app-12",
        "DELETE /v1.41/images/x/codingworker-app-1",
        "DELETE /v1.41/images/codingworker-app-1@sha256:0",
        "POST /v1.41/networks/prune",
        "POST /v1.41/volumes/prune",
        "PUT /v1.41/volumes/a",
        "GET /v1.41/distribution/a/json",
        "POST /v1.41/auth",
        "GET /v1.41/system/df",
        "GET /v1.41/plugins",
        "POST /v1.41/plugins/pull",
        "GET /v1.41/swarm",
        "POST /v1.41/swarm/init",
        "GET /v1.41/nodes",
        "GET /v1.41/services",
        "GET /v1.41/tasks",
        "GET /v1.41/secrets",
        "GET /v1.41/configs",
        "POST /v1.41/build/prune",
        "POST /v1.41/build/cancel?id=x",
        "POST /v1.41/build?t=debian",
        "POST /v1.41/build?remote=http://x",
        "POST /v1.41/build?networkmode=host",
        "POST /v1.41/build?networkmode=container:a",
        "POST /v1.41/build?networkmode=none&networkmode=host",
        "POST /v1.41/build?cgroupparent=/x",
        "POST /v1.41/build?extrahosts=a:b",
        "POST /v1.41/build?securityopt=x",
        "POST /v1.41/build?squash=1",
        "POST /v1.41/build?outputs=x",
        "POST /v1.41/build?version=3",
        "POST /v1.41/build?dockerfile=../x",
        "POST /v1.41/build?session=x",
        "POST /v1.41/build?cpusetcpus=1",
        "POST /v1.41/build?isolation=x",
        "GET /v1.41/containers/json?filters={%22before%22:[%22a%22]}",
        "GET /v1.41/containers/json?filters={%22label%22:{%22a%22:false}}",
    ] {
        assert!(ask(&policy(), request, "").is_err(), "{request}");
    }
}

#[test]
fn an_image_without_a_name_is_removed_by_its_id_where_it_is_the_clients_own() {
    let id = format!("sha256:{}", "0a".repeat(32));
    let settled = |labels: &Value| {
        let mut passage =
            ask(&policy(), &format!("DELETE /v1.41/images/{id}?force=1"), "").unwrap();
        let look = passage.looks[0].clone();
        passage.settle(&policy(), &look, Some(&json!({"Id": id, "Config": {"Labels": labels}})))
    };
    let own = json!({"codingworker.worker": "w", "codingworker.job": "j"});
    assert_eq!(settled(&own), Settled::Fine);
    for others in [json!(null), json!({}), json!({"codingworker.worker": "w"})] {
        assert_ne!(settled(&others), Settled::Fine, "{others}");
    }
    for name in [id.trim_end_matches('a'), &id.replace('a', "A"), &id[7..]] {
        assert!(ask(&policy(), &format!("DELETE /v1.41/images/{name}"), "").is_err(), "{name}");
    }
}

#[test]
fn what_a_build_that_fails_leaves_is_removed_whatever_the_client_says() {
    for query in ["", "?rm=0", "?rm=1&forcerm=0", "?forcerm=false"] {
        let passage = ask(&policy(), &format!("POST /v1.41/build{query}"), "").unwrap();
        let target = passage.target();
        assert!(target.contains("rm=1&forcerm=1"), "{query}: {target}");
    }
}

#[test]
fn no_setting_of_a_container_leads_out() {
    for host in [
        json!({"Privileged": true}),
        json!({"privileged": true}),
        json!({"CapAdd": ["CHOWN"]}),
        json!({"Devices": [{"PathOnHost": "/dev/sda"}]}),
        json!({"DeviceRequests": [{"Count": -1}]}),
        json!({"DeviceCgroupRules": ["a"]}),
        json!({"Sysctls": {"a": "b"}}),
        json!({"PidMode": "host"}),
        json!({"IpcMode": "host"}),
        json!({"UTSMode": "host"}),
        json!({"UsernsMode": "host"}),
        json!({"CgroupnsMode": "host"}),
        json!({"NetworkMode": "host"}),
        json!({"Runtime": "x"}),
        json!({"CgroupParent": "/x"}),
        json!({"OomScoreAdj": -1}),
        json!({"OomKillDisable": true}),
        json!({"GroupAdd": ["0"]}),
        json!({"GroupAdd": ["root"]}),
        json!({"MaskedPaths": ["/x"]}),
        json!({"ReadonlyPaths": ["/x"]}),
        json!({"SecurityOpt": ["seccomp=unconfined"]}),
        json!({"SecurityOpt": ["no-new-privileges:false"]}),
        json!({"StorageOpt": {"size": "1"}}),
        json!({"ExtraHosts": ["a:host-gateway"]}),
        json!({"Dns": ["1.1.1.1"]}),
        json!({"Binds": ["/:/x"]}),
        json!({"Binds": ["/srv/tree/../x:/x"]}),
        json!({"Binds": ["/srv/tree/x:/x"]}),
        json!({"Binds": ["/srv//tree:/x"]}),
        json!({"Binds": ["/srv/tree:/x:rshared"]}),
        json!({"Binds": ["/srv/tree:/x:z"]}),
        json!({"Binds": ["./tree:/x"]}),
        json!({"Binds": ["~:/x"]}),
        json!({"Binds": ["/srv/tree:/proc"]}),
        json!({"Binds": ["/srv/tree:/x/../proc"]}),
        json!({"Binds": ["/state/workspaces/../tree:/x"]}),
        json!({"Binds": ["/state/workspaces/a/b/tree:/x"]}),
        json!({"Binds": ["/state/workspaces/a/git:/x"]}),
        json!({"Binds": ["/state/workspacesa/tree:/x"]}),
        json!({"Binds": ["/state/workspaces/a:/x"]}),
        json!({"Binds": ["/state/workspaces/a/scratch:/x"]}),
        json!({"Binds": ["/state/workspaces/a/scratch/hidden:/x"]}),
        json!({"Binds": ["/state/workspaces/a/scratch/own/x:/x"]}),
        json!({"Binds": ["/state/workspaces/a/tree/x:/x"]}),
        json!({"Binds": ["/state/workspaces/./tree:/x"]}),
        json!({"Binds": ["/state:/x"]}),
        json!({"Binds": ["/state/codingworker.db:/x"]}),
        json!({"Binds": ["/state/mirrors/o/n.git:/x"]}),
        json!({"Binds": ["/state/deps/o/n/k:/x"]}),
        json!({"Binds": ["/state/deps/o/../k/files:/x"]}),
        json!({"Binds": ["/vol/tree:/x"]}),
        json!({"Mounts": [{"Type": "bind", "Source": "/", "Target": "/x"}]}),
        json!({"Mounts": [{"Type": "npipe", "Target": "/x"}]}),
        json!({"Mounts": [{"Type": "image", "Target": "/x"}]}),
        json!({"Mounts": [{"Type": "bind", "Source": "/srv/tree", "Target": "/x", "BindOptions": {"Propagation": "shared"}}]}),
        json!({"Mounts": [{"Type": "volume", "Target": "/x", "VolumeOptions": {"DriverConfig": {"Options": {"o": "bind"}}}}]}),
        json!({"VolumeDriver": "nfs"}),
        json!({"Tmpfs": {"/proc/x": ""}}),
        json!({"Tmpfs": {"/x": "dev"}}),
        json!({"LogConfig": {"Type": "syslog"}}),
        json!({"Ulimits": [{"Name": "memlock", "Soft": -1, "Hard": -1}]}),
        json!({"Annotations": {"a": "b"}}),
        json!({"BlkioWeight": 10}),
        json!({"CpusetCpus": "0"}),
        json!({"CpuRealtimeRuntime": 1}),
        json!({"KernelMemory": 1}),
        json!({"Links": ["a:b"]}),
        json!({"CpuQuota": 1}),
        json!({"Anything": 1}),
        json!([]),
        json!("x"),
    ] {
        assert!(create(&host).is_err(), "{host}");
    }
    for (at, body) in [
        ("twice", r#"{"Image":"a","HostConfig":{},"HostConfig":{"Privileged":true}}"#),
        ("flat", r#"{"Image":"a","Binds":["/:/x"]}"#),
        ("case", r#"{"Image":"a","hostconfig":{"Privileged":true}}"#),
        ("after", r#"{"Image":"a"}{"Image":"b"}"#),
        ("name", r#"{"Image":"../a"}"#),
    ] {
        assert!(ask(&policy(), "POST /v1.41/containers/create", body).is_err(), "{at}");
    }
}

#[test]
fn what_is_made_is_narrowed() {
    let body = create(&json!({
        "Memory": 1_i64 << 40, "PidsLimit": -1, "NetworkMode": "bridge", "RestartPolicy": {"Name": "always"},
        "PortBindings": {"80/tcp": [{"HostPort": "80"}]}, "MaskedPaths": [], "Binds": ["/srv/tree/:/x:ro", "v:/y"],
        "Ulimits": [{"Name": "nproc", "Soft": -1, "Hard": -1}],
    })).unwrap();
    let host = &body["HostConfig"];
    assert_eq!(body["Labels"], json!({"codingworker.worker": "w", "codingworker.job": "j"}));
    assert_eq!(host["CapDrop"], json!(["ALL"]));
    assert_eq!(host["SecurityOpt"], json!(["no-new-privileges"]));
    assert_eq!((&host["Memory"], &host["MemorySwap"]), (&json!(1 << 30), &json!(1 << 30)));
    assert_eq!((&host["PidsLimit"], &host["NanoCpus"]), (&json!(100), &json!(1_500_000_000)));
    assert_eq!(
        (&host["NetworkMode"], &host["RestartPolicy"]["Name"]),
        (&json!("none"), &json!("no"))
    );
    assert_eq!(host["Ulimits"][0]["Hard"], 0);
    assert_eq!(host["Ulimits"][1]["Hard"], 100);
    assert_eq!(host["Mounts"][0]["Source"], "/srv/tree");
    assert_eq!(host["Mounts"][1]["VolumeOptions"]["Labels"]["codingworker.job"], "j");
    assert!(host.get("MaskedPaths").is_none() && host.get("PortBindings").is_none());
    for path in [
        "workspaces/a-1/tree",
        "workspaces/a-1/home",
        "workspaces/a-1/deps",
        "workspaces/a-1/base",
        "workspaces/a-1/base-home",
        "workspaces/a-1/docker.sock",
        "workspaces/a-1/scratch/own",
        "workspaces/a-1/scratch/given",
        "workspaces/a-1/scratch/door/s",
        "deps/o/n.x/.begun-1/files",
    ] {
        let host = create(&json!({"Binds": [format!("/state/{path}:/x")]})).unwrap();
        assert_eq!(host["HostConfig"]["Mounts"][0]["Source"], format!("/state/{path}"));
    }
    let moved = create(&json!({"Binds": ["/box/tree:/x"]})).unwrap();
    assert_eq!(moved["HostConfig"]["Mounts"][0]["Source"], "/vol/tree", "as the engine calls it");

    let passage =
        ask(&policy(), "POST /v1.41/networks/create", r#"{"Name":"n","Internal":false}"#).unwrap();
    let Body::Json(network) = passage.body else { panic!() };
    assert_eq!(network["Internal"], true);
    assert_eq!(network["Options"]["com.docker.network.bridge.inhibit_ipv4"], "true");
    for (request, body) in [
        ("POST /networks/create", r#"{"Name":"n","Driver":"macvlan"}"#),
        ("POST /networks/create", r#"{"Name":"n","Options":{"parent":"eth0"}}"#),
        ("POST /networks/create", r#"{"Name":"n","IPAM":{"Config":[{"Subnet":"10.0.0.0/8"}]}}"#),
        ("POST /volumes/create", r#"{"Name":"v","DriverOpts":{"o":"bind"}}"#),
        ("POST /volumes/create", r#"{"Name":"v","Driver":"nfs"}"#),
        ("POST /containers/a/exec", r#"{"Cmd":["x"],"Privileged":true}"#),
        ("POST /containers/a/exec", r#"{"Cmd":["x"],"privileged":true}"#),
    ] {
        assert!(ask(&policy(), request, body).is_err(), "{body}");
    }
    let target = ask(&policy(), "POST /build?memory=0&labels={\"codingworker.cache\":\"x\"}", "")
        .unwrap()
        .target();
    assert!(
        target.contains("networkmode=none") && target.contains("memory=1073741824"),
        "{target}"
    );
    assert!(
        target.contains("codingworker.job") && !target.contains("codingworker.cache"),
        "{target}"
    );
}

#[test]
fn only_one_s_own_things_are_there() {
    let policy = policy();
    let mut passage = ask(&policy, "POST /v1.41/containers/name/start", "").unwrap();
    let look = passage.looks[0].clone();
    let labels = |job: &str| json!({"Id": "id", "Config": {"Labels": {"codingworker.worker": "w", "codingworker.job": job}}});
    assert!(matches!(passage.settle(&policy, &look, Some(&labels("other"))), Settled::NotOurs(_)));
    assert!(matches!(passage.settle(&policy, &look, None), Settled::NotHere(_)));
    assert_eq!(passage.settle(&policy, &look, Some(&labels("j"))), Settled::Fine);
    assert_eq!(passage.target(), "/v1.41/containers/id/start");
    let any =
        Policy { labels: vec![("codingworker.worker".into(), String::new())], ..policy.clone() };
    assert_eq!(passage.settle(&any, &look, Some(&labels("other"))), Settled::Fine);
    let mut image = ask(&policy, "GET /images/a/json", "").unwrap();
    let look = image.looks[0].clone();
    assert!(matches!(image.settle(&policy, &look, Some(&labels("other"))), Settled::NotOurs(_)));
    assert_eq!(
        image.settle(&policy, &look, Some(&json!({"Id": "x", "Config": {}}))),
        Settled::Fine
    );
}

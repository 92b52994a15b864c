//! Requests that nobody would write by hand.

use proptest::prelude::*;

use super::*;

/// Written apart from the judge: what must never be in what goes out.
fn dangerous(value: &Value) -> Option<String> {
    let text = value.to_string().to_lowercase();
    let host = value.get("HostConfig")?;
    let bad = [
        ("privileged\":true", "privileged"),
        ("\"host\"", "host"),
        ("unconfined", "profile"),
        ("/etc", "mount"),
    ];
    if let Some((_, what)) = bad.iter().find(|(it, _)| text.contains(it)) {
        return Some((*what).to_owned());
    }
    for key in [
        "Devices",
        "CapAdd",
        "Binds",
        "Sysctls",
        "PortBindings",
        "MaskedPaths",
        "CgroupParent",
        "Runtime",
    ] {
        if host.get(key).is_some() {
            return Some(key.to_owned());
        }
    }
    (host["CapDrop"] != json!(["ALL"])).then(|| "capabilities".to_owned())
}

proptest! {
    #[test]
    fn no_body_gets_anything_dangerous_through(
        pairs in proptest::collection::vec((
            proptest::sample::select(vec![
                "Privileged", "privileged", "CapAdd", "Binds", "Mounts", "NetworkMode", "PidMode", "IpcMode",
                "UTSMode", "Devices", "SecurityOpt", "Runtime", "CgroupParent", "VolumesFrom", "Sysctls",
                "MaskedPaths", "PortBindings", "Memory", "Tmpfs", "Init", "UsernsMode", "CapDrop",
            ]),
            proptest::sample::select(vec![
                json!(true), json!(false), json!(null), json!("host"), json!(["ALL"]), json!(["/etc:/x"]),
                json!("/etc"), json!({"/etc": "x"}), json!([]), json!({}), json!(1), json!(["seccomp=unconfined"]),
                json!([{"Type": "bind", "Source": "/etc", "Target": "/x"}]), json!([""]), json!("none"),
            ]),
        ), 0..5),
        top in any::<bool>(),
    ) {
        let map: serde_json::Map<String, Value> =
            pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let body = match top {
            true => json!({"Image": "a", "HostConfig": map}),
            false => { let mut map = map; map.insert("Image".into(), "a".into()); Value::Object(map) }
        };
        if let Ok(Passage { body: Body::Json(out), .. }) =
            ask(&policy(), "POST /v1.41/containers/create", &body.to_string())
        {
            prop_assert_eq!(dangerous(&out), None, "{} -> {}", body, out);
        }
    }

    #[test]
    fn no_request_is_too_odd(method in "GET|POST|DELETE", target in "/[ -~]{0,60}", body in "\\PC{0,60}") {
        let _ = judge(&policy(), &Request { method: &method, target: &target, body: body.as_bytes() });
    }
}

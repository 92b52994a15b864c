//! `HostConfig`: what of its machine a container gets. Most of its keys are ways out.

use serde_json::{Map, Value, json};

use super::Policy;
use super::mount::Mounts;
use super::network;
use super::passage::{Kind, Look, Place};
use super::taken::{Taken, is_nothing};

/// How much of a container's output the engine keeps.
const LOG_SIZE: &str = "64m";

/// A `HostConfig` in our own words.
pub(super) struct Narrowed<'a> {
    out: Map<String, Value>,
    pub(super) mounts: Mounts<'a>,
    /// The network mode that it has now.
    pub(super) mode: String,
    pub(super) looks: Vec<Look>,
    pub(super) changed: Vec<String>,
}

impl<'a> Narrowed<'a> {
    pub(super) fn of(policy: &'a Policy, wanted: Value) -> Result<Self, String> {
        let mut wanted = Taken::of(wanted, "HostConfig")?;
        let mut it = Self {
            out: Map::new(),
            mounts: Mounts::new(policy)?,
            mode: String::new(),
            looks: Vec::new(),
            changed: Vec::new(),
        };
        wanted.keep(&["ConsoleSize"], &mut it.out);
        for key in ["AutoRemove", "ReadonlyRootfs", "Init"] {
            if wanted.take_bool(key)? {
                it.set(key, true);
            }
        }
        it.rights(&mut wanted)?;
        it.limits(policy, &mut wanted)?;
        it.rooms(&mut wanted)?;
        it.network(policy, &mut wanted)?;
        it.files(&mut wanted)?;
        it.rest(&mut wanted)?;
        wanted.finish()?;
        Ok(it)
    }

    pub(super) fn into_value(mut self) -> Value {
        self.out.insert("Mounts".into(), self.mounts.into_value());
        Value::Object(self.out)
    }

    fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.out.insert(key.to_owned(), value.into());
    }

    /// No capabilities, no way to get any.
    fn rights(&mut self, wanted: &mut Taken) -> Result<(), String> {
        wanted.take("CapDrop");
        self.set("CapDrop", json!(["ALL"]));
        self.set("Privileged", false);
        let same = ["no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"];
        let options = wanted.take_texts("SecurityOpt")?;
        if let Some(other) = options.iter().find(|it| !same.contains(&it.as_str())) {
            let other: String = other.chars().take(80).collect();
            return Err(format!(
                "the security option `{}` is not allowed; `no-new-privileges` is set anyway",
                other.escape_debug()
            ));
        }
        self.set("SecurityOpt", json!(["no-new-privileges"]));
        let groups = wanted.take_list("GroupAdd")?;
        let root = |it: &Value| {
            let text = it.as_str().unwrap_or_default().trim();
            text.is_empty() || text == "root" || text.parse::<u64>() == Ok(0)
        };
        if groups.iter().any(root) {
            return Err("`HostConfig.GroupAdd` may not name root's group".into());
        }
        if !groups.is_empty() {
            self.set("GroupAdd", groups);
        }
        Ok(())
    }

    fn limits(&mut self, policy: &Policy, wanted: &mut Taken) -> Result<(), String> {
        let memory = i64::try_from(policy.memory).unwrap_or(i64::MAX);
        let most = |wanted: i64, most: i64| if wanted <= 0 { most } else { wanted.min(most) };
        let memory = most(wanted.take_number("Memory")?, memory);
        self.set("Memory", memory);
        // No swap: the limit is one of both.
        wanted.take_number("MemorySwap")?;
        self.set("MemorySwap", memory);
        let reserved = wanted.take_number("MemoryReservation")?;
        if reserved > 0 {
            self.set("MemoryReservation", reserved.min(memory));
        }
        if !matches!(wanted.take_number("MemorySwappiness")?, -1..=100) {
            return Err("`HostConfig.MemorySwappiness` may not be set here; leave it out".into());
        }
        let shared = wanted.take_number("ShmSize")?;
        if shared > 0 {
            self.set("ShmSize", shared.min(memory));
        }
        #[expect(clippy::cast_possible_truncation, reason = "a few processors, in billionths")]
        let cpus = (policy.cpus * 1e9) as i64;
        self.set("NanoCpus", most(wanted.take_number("NanoCpus")?, cpus));
        let shares = wanted.take_number("CpuShares")?;
        if !(0..=1024).contains(&shares) {
            return Err("`HostConfig.CpuShares` may be 1024 at most".into());
        }
        if shares > 0 {
            self.set("CpuShares", shares);
        }
        let processes = most(wanted.take_number("PidsLimit")?, policy.processes.into());
        self.set("PidsLimit", processes);
        self.set("Ulimits", ulimits(wanted.take_list("Ulimits")?, policy)?);
        Ok(())
    }

    /// Whose processes, memory and names it sees: its own, or those of a container of the client.
    fn rooms(&mut self, wanted: &mut Taken) -> Result<(), String> {
        for key in ["PidMode", "IpcMode"] {
            let mode = wanted.take_text(key)?;
            if let Some(container) = mode.strip_prefix("container:") {
                self.look_at(container, key)?;
            } else if !(mode.is_empty()
                || key == "IpcMode" && matches!(mode.as_str(), "private" | "none" | "shareable"))
            {
                return Err(format!(
                    "`HostConfig.{key}: {}` is not allowed; leave it out",
                    mode.escape_debug()
                ));
            }
            self.set(key, mode);
        }
        match wanted.take_text("CgroupnsMode")?.as_str() {
            "" => (),
            "private" => self.set("CgroupnsMode", "private"),
            _ => return Err("`HostConfig.CgroupnsMode` must be `private`".into()),
        }
        match wanted.take_text("Isolation")?.as_str() {
            "" | "default" => Ok(()),
            _ => Err("`HostConfig.Isolation` must be `default`".into()),
        }
    }

    fn look_at(&mut self, container: &str, key: &str) -> Result<(), String> {
        let pointer = format!("/HostConfig/{key}");
        let place = Place::At { pointer, before: "container:", after: String::new() };
        self.looks.push(Look::new(Kind::Container, container, place)?);
        Ok(())
    }

    fn network(&mut self, policy: &Policy, wanted: &mut Taken) -> Result<(), String> {
        let mode = wanted.take_text("NetworkMode")?;
        let mode = match mode.as_str() {
            "host" => {
                return Err(
                    "`HostConfig.NetworkMode: host` is this machine's own network; make a \
                            network (`docker network create`) or leave it out"
                        .into(),
                );
            }
            "" | "default" | "bridge" | "nat" if policy.network => "default".to_owned(),
            it if network::is_built_in(it) => "none".to_owned(),
            it => {
                match it.strip_prefix("container:") {
                    Some(container) => self.look_at(container, "NetworkMode")?,
                    None => {
                        let place = Place::Nowhere;
                        self.looks.push(Look::new(Kind::Network, it, place)?);
                    }
                }
                mode
            }
        };
        self.set("NetworkMode", mode.clone());
        self.mode = mode;
        if !is_nothing(&wanted.take("PortBindings")) || wanted.take_bool("PublishAllPorts")? {
            self.changed.push("its ports are not published on this machine".into());
        }
        let hosts = wanted.take_texts("ExtraHosts")?;
        if !policy.network && hosts.iter().any(|it| it.contains("host-gateway")) {
            return Err("`HostConfig.ExtraHosts` with `host-gateway` leads to this machine, and \
                        checks run without the network"
                .into());
        }
        if !hosts.is_empty() {
            self.set("ExtraHosts", hosts);
        }
        for key in ["Dns", "DnsSearch", "DnsOptions"] {
            let names = wanted.take_texts(key)?;
            if !names.is_empty() && !policy.network {
                return Err(format!(
                    "`HostConfig.{key}` has no use without the network; leave it out"
                ));
            }
            if !names.is_empty() {
                self.set(key, names);
            }
        }
        if !policy.network && self.mode != "none" && !self.mode.starts_with("container:") {
            // The engine would ask this machine's name servers on behalf of an internal network
            // (CVE-2024-29018). It asks the container itself, where nobody answers.
            self.set("Dns", json!(["127.0.0.1"]));
        }
        Ok(())
    }

    fn files(&mut self, wanted: &mut Taken) -> Result<(), String> {
        for bind in wanted.take_texts("Binds")? {
            self.mounts.bind(&bind, &mut self.looks)?;
        }
        for mount in wanted.take_list("Mounts")? {
            self.mounts.mount(mount, &mut self.looks)?;
        }
        super::mount::local(&wanted.take_text("VolumeDriver")?)?;
        let tmpfs = super::taken::strings(wanted.take("Tmpfs"), "HostConfig.Tmpfs")?;
        for (target, options) in &tmpfs {
            super::mount::inside(target)?;
            tmpfs_options(options.as_str().unwrap_or_default())?;
        }
        if !tmpfs.is_empty() {
            self.set("Tmpfs", tmpfs);
        }
        let from = wanted.take_texts("VolumesFrom")?;
        for (at, text) in from.iter().enumerate() {
            let (container, mode) = text.split_once(':').unwrap_or((text, "rw"));
            if !matches!(mode, "ro" | "rw") {
                return Err("`HostConfig.VolumesFrom` knows `ro` and `rw` only".into());
            }
            let pointer = format!("/HostConfig/VolumesFrom/{at}");
            let place = Place::At { pointer, before: "", after: format!(":{mode}") };
            self.looks.push(Look::new(Kind::Container, container, place)?);
        }
        if !from.is_empty() {
            self.set("VolumesFrom", from);
        }
        Ok(())
    }

    fn rest(&mut self, wanted: &mut Taken) -> Result<(), String> {
        let mut log = wanted.take_object("LogConfig")?;
        let kind = log.take_text("Type")?;
        let mut options = log.take_object("Config")?;
        options.take("max-size");
        options.take("max-file");
        options.finish()?;
        log.finish()?;
        let log = match kind.as_str() {
            "none" => json!({"Type": "none"}),
            "" | "json-file" => {
                json!({"Type": "json-file", "Config": {"max-size": LOG_SIZE, "max-file": "1"}})
            }
            _ => return Err("`HostConfig.LogConfig.Type` must be `json-file` or `none`".into()),
        };
        self.set("LogConfig", log);
        let mut restart = wanted.take_object("RestartPolicy")?;
        let policy = restart.take_text("Name")?;
        restart.take_number("MaximumRetryCount")?;
        restart.finish()?;
        if !matches!(policy.as_str(), "" | "no") {
            self.changed.push("it is not restarted when it ends".into());
        }
        self.set("RestartPolicy", json!({"Name": "no"}));
        Ok(())
    }
}

/// Limits of a process, not above the container's own; never a core file.
pub(super) fn ulimits(wanted: Vec<Value>, policy: &Policy) -> Result<Value, String> {
    let mut out = vec![json!({"Name": "core", "Soft": 0, "Hard": 0})];
    for limit in wanted {
        let mut limit = Taken::of(limit, "Ulimits")?;
        let name = limit.take_text("Name")?;
        let (soft, hard) = (limit.take_number("Soft")?, limit.take_number("Hard")?);
        limit.finish()?;
        let most = match name.as_str() {
            "core" => continue,
            "nofile" => 1_048_576,
            "nproc" => i64::from(policy.processes),
            "stack" => 64 << 20,
            "cpu" | "data" | "as" | "rss" | "fsize" => i64::MAX,
            _ => {
                let name: String = name.chars().take(80).collect();
                return Err(format!("the limit `{}` may not be set here", name.escape_debug()));
            }
        };
        let least = |it: i64| if it < 0 { most } else { it.min(most) };
        let (soft, hard) = match most {
            i64::MAX => (soft, hard),
            _ => (least(soft).min(least(hard)), least(hard)),
        };
        out.push(json!({"Name": name, "Soft": soft, "Hard": hard}));
    }
    Ok(out.into())
}

fn tmpfs_options(options: &str) -> Result<(), String> {
    let words = [
        "rw",
        "ro",
        "exec",
        "noexec",
        "nosuid",
        "nodev",
        "noatime",
        "size",
        "mode",
        "uid",
        "gid",
        "nr_inodes",
    ];
    for option in options.split(',').filter(|it| !it.is_empty()) {
        let key = option.split_once('=').map_or(option, |(key, _)| key);
        if !words.contains(&key) {
            return Err(format!("the tmpfs option `{}` is not allowed", key.escape_debug()));
        }
    }
    Ok(())
}

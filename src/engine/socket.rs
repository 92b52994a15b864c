//! What a client of the container engine may ask of it, and how its wishes are narrowed.
//!
//! Everything that is not known to be harmless is refused. What is let through is written anew
//! from what was understood, so that the engine never reads a request that we read otherwise.
//! See "Docker Engine API" v1.41 and later for the names.

use std::path::PathBuf;

use serde_json::Value;

mod build;
mod context;
mod create;
mod endpoint;
mod filter;
mod host_config;
mod image;
mod json;
mod mount;
mod network;
mod passage;
mod path;
mod query;
mod taken;

#[cfg(test)]
mod tests;

pub use build::Context;
pub use passage::{Body, Kind, Look, Passage, Reply, Settled, Way};

/// What the clients of one proxy may do.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Put on everything that is made; what does not carry all of them is not seen. A label with
    /// an empty value is one that must be there, whatever it says.
    pub labels: Vec<(String, String)>,
    /// Whether what is made may have the network: its containers, its builds, and images that
    /// are fetched. Without it containers have networks of their own at most, which lead nowhere.
    pub network: bool,
    /// Folders that may be mounted, exactly these: as a client calls one, and what that is on the
    /// engine's machine. The two differ where the worker is in a container itself.
    pub mounts: Vec<(PathBuf, PathBuf)>,
    /// A worker's state folder, on the engine's machine: of what is in it, the folders of jobs may
    /// be mounted that are made for being mounted. For the worker in a container.
    pub mounts_below: Option<PathBuf>,
    /// The most that one container gets.
    pub memory: u64,
    /// Processes and threads of one container.
    pub processes: u32,
    /// Processors' worth of time of one container.
    pub cpus: f64,
    /// Names of images that may be built, tagged and removed: exactly these, or with `:TAG`; one
    /// that ends in `*` stands for all that begin so.
    /// Empty: every name that begins with `codingworker-`.
    pub images: Vec<String>,
    /// Whether BuildKit may be spoken: its builds can be held to none of these rules but the label.
    pub buildkit: bool,
}

/// What a client asks for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET`, as it came.
    pub method: &'a str,
    /// Path and query, as they came.
    pub target: &'a str,
    /// The body, as it came. Empty for what is sent on as a stream (see `streams`).
    pub body: &'a [u8],
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It may go on, in this form, once all that it looks at is seen to be the client's own.
    Pass(Box<Passage>),
    /// It may not. Says why, and what is allowed instead.
    Refuse(String),
}

/// Whether the body of such a request is a stream (a build's context) rather than JSON.
pub fn streams(method: &str, target: &str) -> bool {
    path::Path::parse(target).is_ok_and(|path| endpoint::streams(method, &path.segments))
}

/// Judges a request by everything but the things that it names (see `Passage::looks`).
pub fn judge(policy: &Policy, request: &Request<'_>) -> Verdict {
    match endpoint::passage(policy, request) {
        Ok(passage) => Verdict::Pass(Box::new(passage)),
        Err(why) => Verdict::Refuse(why),
    }
}

/// What the engine says about itself, without what is nobody's business: addresses of its
/// registries, its proxy's password, how many containers others run.
pub fn about_the_engine(info: &Value) -> Value {
    const TOLD: [&str; 16] = [
        "ServerVersion",
        "OSType",
        "Architecture",
        "NCPU",
        "MemTotal",
        "OperatingSystem",
        "KernelVersion",
        "Driver",
        "SecurityOptions",
        "CgroupDriver",
        "CgroupVersion",
        "DefaultRuntime",
        "IndexServerAddress",
        "MemoryLimit",
        "PidsLimit",
        "Isolation",
    ];
    let told = TOLD.iter().filter_map(|key| Some(((*key).to_owned(), info.get(*key)?.clone())));
    let mut told: serde_json::Map<String, Value> = told.collect();
    told.insert("ID".into(), "codingworker".into());
    told.insert("Name".into(), "codingworker".into());
    Value::Object(told)
}

impl Policy {
    /// Whether a build's context is looked into before it is sent on. Not where all that a worker
    /// makes is the client's own and the network is open: there is nothing to look for.
    pub fn looks_into_builds(&self) -> bool {
        !self.network || self.labels.iter().any(|(_, value)| !value.is_empty())
    }

    /// Whether something with these labels is the client's own.
    fn owns(&self, labels: Option<&Value>) -> bool {
        self.labels.iter().all(|(key, value)| {
            let given = labels.and_then(|it| it.get(key)).and_then(Value::as_str);
            given.is_some_and(|given| value.is_empty() || given == value)
        })
    }

    /// Whether an image with these labels may be run and built upon: its own, or nobody's. What
    /// another job built, or is kept for another repository, is neither.
    fn may_use_image(&self, labels: Option<&Value>) -> bool {
        let made_here =
            self.labels.iter().any(|(key, _)| labels.is_some_and(|it| it.get(key).is_some()));
        !made_here || self.owns(labels)
    }

    /// Whether a name is one that this client may give to an image.
    pub(crate) fn may_name(&self, name: &str) -> bool {
        let (base, tag) = name.split_once(':').map_or((name, None), |(it, tag)| (it, Some(tag)));
        let word = |text: &str, more: &str| {
            let fine = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c) || more.contains(c);
            !text.is_empty() && text.len() <= 128 && text.chars().all(fine)
        };
        if !word(base, "") || !tag.is_none_or(|it| word(it, "")) {
            return false;
        }
        match self.images.is_empty() {
            true => base.strip_prefix("codingworker-").is_some_and(|rest| !rest.is_empty()),
            false => self.images.iter().any(|it| match it.strip_suffix('*') {
                Some(begin) => base.starts_with(begin),
                None => it == base || it == name,
            }),
        }
    }

    /// The names that this client may give, in words.
    fn nameable(&self) -> String {
        match self.images.is_empty() {
            true => "names that begin with `codingworker-`".to_owned(),
            false => self.images.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", "),
        }
    }

    /// What a client wants as labels, with ours.
    fn labelled(&self, wanted: Value, at: &str) -> Result<Value, String> {
        let mut labels = taken::strings(wanted, at)?;
        if self.labels.iter().all(|(_, value)| !value.is_empty()) {
            // Ours say what is whose: nobody but us writes them.
            labels.retain(|key, _| !key.starts_with("codingworker."));
        }
        for (key, value) in &self.labels {
            if !value.is_empty() || !labels.contains_key(key) {
                labels.insert(key.clone(), value.clone().into());
            }
        }
        Ok(Value::Object(labels))
    }
}

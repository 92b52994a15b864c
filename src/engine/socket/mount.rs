//! What of the engine's machine a container may see: named volumes of its own, memory, and the
//! folders that the policy names, exactly.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::Policy;
use super::passage::{Kind, Look, Place};
use super::taken::Taken;

/// The mounts of a container that is made, in one form.
pub(super) struct Mounts<'a> {
    policy: &'a Policy,
    labels: Value,
    list: Vec<Value>,
}

impl<'a> Mounts<'a> {
    pub(super) fn new(policy: &'a Policy) -> Result<Self, String> {
        let labels = policy.labelled(Value::Null, "Labels")?;
        Ok(Self { policy, labels, list: Vec::new() })
    }

    pub(super) fn into_value(self) -> Value {
        self.list.into()
    }

    /// `SOURCE:TARGET[:OPTIONS]`
    pub(super) fn bind(&mut self, bind: &str, looks: &mut Vec<Look>) -> Result<(), String> {
        let parts: Vec<&str> = bind.split(':').collect();
        let (source, target, options) = match parts.as_slice() {
            [source, target] => (*source, *target, ""),
            [source, target, options] => (*source, *target, *options),
            _ => return Err(format!("the mount `{}` is not SOURCE:TARGET", shown(bind))),
        };
        let (mut read_only, mut no_copy) = (false, false);
        for option in options.split(',').filter(|it| !it.is_empty()) {
            match option {
                "ro" => read_only = true,
                "nocopy" => no_copy = true,
                // Labels of SELinux would be written on to the machine's own files.
                "rw" | "rprivate" | "private" | "consistent" | "cached" | "delegated" => (),
                other => {
                    return Err(format!(
                        "the mount option `{}` is not allowed; allowed: ro, rw, nocopy",
                        shown(other)
                    ));
                }
            }
        }
        match source.starts_with(['/', '.', '~']) {
            true => self.host(source, target, read_only),
            false => self.volume(source, target, read_only, no_copy, looks),
        }
    }

    /// A mount in the long form.
    pub(super) fn mount(&mut self, mount: Value, looks: &mut Vec<Look>) -> Result<(), String> {
        let mut wanted = Taken::of(mount, "HostConfig.Mounts")?;
        let kind = wanted.take_text("Type")?;
        let source = wanted.take_text("Source")?;
        let target = wanted.take_text("Target")?;
        let read_only = wanted.take_bool("ReadOnly")?;
        wanted.take_text("Consistency")?;
        match kind.as_str() {
            "bind" => {
                let mut options = wanted.take_object("BindOptions")?;
                let propagation = options.take_text("Propagation")?;
                if !matches!(propagation.as_str(), "" | "rprivate" | "private") {
                    return Err("a mount's propagation must be `rprivate`".into());
                }
                options.take_bool("CreateMountpoint")?;
                options.take_bool("NonRecursive")?;
                options.finish()?;
                wanted.finish()?;
                self.host(&source, &target, read_only)
            }
            "volume" => {
                let mut options = wanted.take_object("VolumeOptions")?;
                let no_copy = options.take_bool("NoCopy")?;
                // The volume is ours to label, whatever they say.
                options.take("Labels");
                let mut driver = options.take_object("DriverConfig")?;
                local(&driver.take_text("Name")?)?;
                driver.finish()?;
                options.finish()?;
                wanted.finish()?;
                self.volume(&source, &target, read_only, no_copy, looks)
            }
            "tmpfs" => {
                let mut options = wanted.take_object("TmpfsOptions")?;
                let mut kept = Map::new();
                options.keep(&["SizeBytes", "Mode"], &mut kept);
                options.finish()?;
                wanted.finish()?;
                let target = inside(&target)?;
                self.list.push(json!({
                    "Type": "tmpfs", "Target": target, "ReadOnly": read_only, "TmpfsOptions": kept,
                }));
                Ok(())
            }
            other => Err(format!(
                "a mount of the type `{}` is not allowed; allowed: volume, tmpfs, bind",
                shown(other)
            )),
        }
    }

    /// A volume; without a name, one of its own.
    pub(super) fn volume(
        &mut self,
        name: &str,
        target: &str,
        read_only: bool,
        no_copy: bool,
        looks: &mut Vec<Look>,
    ) -> Result<(), String> {
        let mut mount = json!({
            "Type": "volume", "Target": inside(target)?, "ReadOnly": read_only,
            "VolumeOptions": {"NoCopy": no_copy, "Labels": self.labels},
        });
        if !name.is_empty() {
            looks.push(Look::new(Kind::Volume, name, Place::Made)?);
            mount["Source"] = name.into();
        }
        self.list.push(mount);
        Ok(())
    }

    fn host(&mut self, source: &str, target: &str, read_only: bool) -> Result<(), String> {
        let source = self.allowed(source)?;
        // Nothing is said of propagation: the engine's own choice is `rprivate`, and `rslave` for
        // what lies in its own folder (a volume), where it takes nothing else.
        self.list.push(json!({
            "Type": "bind", "Source": source, "Target": inside(target)?, "ReadOnly": read_only,
        }));
        Ok(())
    }

    /// The folder, when it is one that may be mounted. Only whole, known paths are: what lies
    /// below them may be a link that foreign code has made.
    fn allowed<'s>(&'s self, source: &'s str) -> Result<&'s str, String> {
        let path = source.strip_suffix('/').filter(|it| !it.is_empty()).unwrap_or(source);
        let known = self.policy.mounts.iter().find(|(named, _)| named.as_os_str() == path);
        if let Some(outside) = known.and_then(|(_, outside)| outside.to_str()) {
            return Ok(outside);
        }
        let below = |state: &PathBuf| {
            let rest = state.to_str().and_then(|it| path.strip_prefix(it.trim_end_matches('/')));
            rest.and_then(|it| it.strip_prefix('/')).is_some_and(is_for_mounting)
        };
        if self.policy.mounts_below.as_ref().is_some_and(below) {
            return Ok(path);
        }
        let mut may: Vec<String> =
            self.policy.mounts.iter().map(|(it, _)| format!("`{}`", it.display())).collect();
        let jobs = |it: &PathBuf| format!("the folders of jobs in `{}`", it.display());
        may.extend(self.policy.mounts_below.as_ref().map(jobs));
        may.push("named volumes and tmpfs".into());
        Err(format!("`{}` may not be mounted; allowed: {}", shown(source), may.join(", ")))
    }
}

/// Whether a path in a state folder is one that cages see, and whose own name no code in a cage
/// can make mean something else: the folder that it stands in is in no cage.
fn is_for_mounting(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if parts.iter().any(|it| matches!(*it, "" | "." | "..") || !it.chars().all(plain)) {
        return false;
    }
    match parts.as_slice() {
        ["workspaces", _, rest @ ..] => matches!(
            rest,
            ["tree" | "home" | "deps" | "base" | "base-home" | "docker.sock"]
                | ["scratch", "own" | "given"]
                | ["scratch", "door", "s"]
        ),
        ["deps", _owner, _name, _entry, "files"] => true,
        _ => false,
    }
}

/// The driver of volumes.
pub(super) fn local(driver: &str) -> Result<(), String> {
    match driver {
        "" | "local" => Ok(()),
        other => Err(format!("the volume driver `{}` is not allowed; use `local`", shown(other))),
    }
}

/// A place in the container.
pub(super) fn inside(target: &str) -> Result<&str, String> {
    let plain = target.starts_with('/')
        && !target.trim_end_matches('/').is_empty()
        && !target.contains(|c: char| c.is_control())
        && !target.split('/').any(|it| it == "..");
    // What the kernel shows there is masked by the engine; nothing may lie before the mask.
    let system = ["/proc", "/sys", "/dev"];
    let tidy: String = format!(
        "/{}",
        target.split('/').filter(|it| !matches!(*it, "" | ".")).collect::<Vec<_>>().join("/")
    );
    let kernel = system.iter().any(|it| tidy == **it || tidy.starts_with(&format!("{it}/")));
    match plain && (!kernel || tidy == "/dev/shm") {
        true => Ok(target),
        false => Err(format!("nothing can be mounted at `{}`", shown(target))),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(200).collect::<String>().escape_debug().to_string()
}

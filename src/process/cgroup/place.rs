//! Where this machine lets us make control groups.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use super::Caps;

/// Our folder in a hierarchy that belongs to root.
const FOLDER: &str = "codingworker";
/// Where we go ourselves when our own group is handed over to us: in the second version a group
/// has either processes or groups below it.
const WORKER: &str = "codingworker-worker";
/// What limits we need there to be.
const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];
const SLICE: &str = "codingworker.slice";

/// Where groups are made.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    /// Below each of these: one for each hierarchy.
    Folders(Vec<PathBuf>),
    /// By the user's systemd.
    Scopes(Scopes),
    /// There is no such place.
    Nowhere,
}

impl Place {
    /// That of this process; looked for once.
    pub(super) async fn ours() -> &'static Self {
        static OURS: OnceCell<Place> = OnceCell::const_new();
        OURS.get_or_init(|| async {
            if !cfg!(target_os = "linux") {
                return Self::Nowhere;
            }
            let place = tokio::task::spawn_blocking(by_hand).await.unwrap_or(None);
            match place {
                Some(folders) => Self::Folders(folders),
                None => Scopes::find().await.map_or(Self::Nowhere, Self::Scopes),
            }
        })
        .await
    }

    /// The folders that hold groups of ours.
    pub(super) fn parents(&self) -> &[PathBuf] {
        match self {
            Self::Folders(parents) => parents,
            Self::Scopes(scopes) => std::slice::from_ref(&scopes.slice),
            Self::Nowhere => &[],
        }
    }
}

/// A group's name without what systemd needs around it.
pub(super) fn bare_name(folder: &str) -> &str {
    let scope = folder.strip_prefix("codingworker-").and_then(|it| it.strip_suffix(".scope"));
    scope.unwrap_or(folder)
}

fn by_hand() -> Option<Vec<PathBuf>> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let first = first_version(&mounts);
    let second = second_version(&mounts);
    if nix::unistd::geteuid().is_root() {
        if let Some(folders) = first
            && folders.iter().all(|it| usable(it, "pids.max", "memory.limit_in_bytes"))
        {
            return Some(folders);
        }
        if let Some(root) = &second
            && hand_down(root).is_ok()
            && let folder = root.join(FOLDER)
            && (folder.is_dir() || fs::create_dir(&folder).is_ok())
            && hand_down(&folder).is_ok()
            && usable(&folder, "pids.max", "memory.max")
        {
            return Some(vec![folder]);
        }
    }
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = second?.join(own_group(&own)?);
    delegated(&own).map(|folder| vec![folder])
}

/// Our folder in each hierarchy of the first version, if there are those that matter.
fn first_version(mounts: &str) -> Option<Vec<PathBuf>> {
    let of = |controller: &str| {
        mounts.lines().find_map(|line| {
            let mut fields = line.split(' ').skip(1);
            let (point, kind, options) = (fields.next()?, fields.next()?, fields.next()?);
            let holds = kind == "cgroup" && options.split(',').any(|it| it == controller);
            holds.then(|| Path::new(point).join(FOLDER))
        })
    };
    let mut folders = vec![of("memory")?, of("pids")?];
    folders.extend(of("cpu"));
    folders.dedup();
    Some(folders)
}

/// Where the second version is mounted, if memory is limited by it.
fn second_version(mounts: &str) -> Option<PathBuf> {
    let point = mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (point, kind) = (fields.next()?, fields.next()?);
        (kind == "cgroup2").then(|| PathBuf::from(point))
    })?;
    let controllers = fs::read_to_string(point.join("cgroup.controllers")).ok()?;
    CONTROLLERS
        .iter()
        .all(|it| controllers.split_whitespace().any(|word| word == *it))
        .then_some(point)
}

/// Our own group in the second version, from the root of the hierarchy.
fn own_group(list: &str) -> Option<&str> {
    list.lines().find_map(|line| line.strip_prefix("0::/"))
}

/// Whether a group can be made below `parent`, which is made where it is missing, and limits
/// something.
fn usable(parent: &Path, one: &str, other: &str) -> bool {
    if !parent.is_dir() && fs::create_dir(parent).is_err() && !parent.is_dir() {
        return false;
    }
    let probe = parent.join(format!("probe-{}", std::process::id()));
    if fs::create_dir(&probe).is_err() {
        return false;
    }
    let limits = [one, other, "cpu.cfs_quota_us"].iter().any(|file| probe.join(file).exists());
    let enters = fs::OpenOptions::new().write(true).open(probe.join("cgroup.procs")).is_ok();
    fs::remove_dir(&probe).is_ok() && limits && enters
}

/// Lets the groups below `folder` limit what we need.
fn hand_down(folder: &Path) -> std::io::Result<()> {
    let file = folder.join("cgroup.subtree_control");
    let there = fs::read_to_string(&file)?;
    for controller in CONTROLLERS {
        if !there.split_whitespace().any(|it| it == controller) {
            fs::write(&file, format!("+{controller}"))?;
        }
    }
    Ok(())
}

/// `own`, if it is ours to divide. We move to a group below it then.
fn delegated(own: &Path) -> Option<PathBuf> {
    if own.file_name().is_some_and(|it| it == WORKER) {
        return own.parent().map(Path::to_owned);
    }
    let enter =
        |folder: &Path| fs::write(folder.join("cgroup.procs"), std::process::id().to_string());
    let worker = own.join(WORKER);
    if !worker.is_dir() {
        fs::create_dir(&worker).ok()?;
    }
    if enter(&worker).is_ok() && hand_down(own).is_ok() && usable(own, "pids.max", "memory.max") {
        return Some(own.to_owned());
    }
    // Others are in it too, or it limits nothing: as it was.
    let _ = enter(own);
    let _ = fs::remove_dir(&worker);
    None
}

/// Scopes of the user's systemd.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scopes {
    program: PathBuf,
    runtime: PathBuf,
    slice: PathBuf,
}

impl Scopes {
    async fn find() -> Option<Self> {
        let user = nix::unistd::geteuid();
        let scopes = Self::of(user.as_raw());
        let there = scopes.program.exists() && scopes.runtime.join("systemd/private").exists();
        if !there || !Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
            return None;
        }
        let caps = Caps { memory: 64 << 20, processes: 16, cpus: 1.0 };
        let name = super::marker(None);
        let mut words = scopes.launcher(&name, &caps).into_iter();
        let limit = Duration::from_secs(10);
        let mut spec = crate::process::Spec::new(words.next()?, "/", limit);
        // It has succeeded when the child finds itself below our slice.
        spec.args = words.chain(["/bin/cat", "/proc/self/cgroup"].map(Into::into)).collect();
        let ended = Box::pin(crate::process::run(spec, None, &CancellationToken::new())).await;
        ended.is_ok_and(|it| it.stdout.to_text().contains(SLICE)).then_some(scopes)
    }

    fn of(user: u32) -> Self {
        let manager = format!("/sys/fs/cgroup/user.slice/user-{user}.slice/user@{user}.service");
        Self {
            program: "/usr/bin/systemd-run".into(),
            runtime: format!("/run/user/{user}").into(),
            slice: Path::new(&manager).join(SLICE),
        }
    }

    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.slice.join(format!("codingworker-{name}.scope"))
    }

    /// What comes before a command. The way to the user's systemd is not left in its environment.
    pub(super) fn launcher(&self, name: &str, caps: &Caps) -> Vec<OsString> {
        let mut runtime = OsString::from("XDG_RUNTIME_DIR=");
        runtime.push(&self.runtime);
        let mut words = vec!["/usr/bin/env".into(), runtime, self.program.clone().into()];
        let quota = (caps.cpus.max(0.01) * 100.0).round();
        words.extend(
            [
                "--user".to_owned(),
                "--scope".to_owned(),
                "--quiet".to_owned(),
                "--collect".to_owned(),
                format!("--slice={SLICE}"),
                format!("--unit=codingworker-{name}.scope"),
                format!("--property=MemoryMax={}", caps.memory),
                "--property=MemorySwapMax=0".to_owned(),
                format!("--property=TasksMax={}", caps.processes),
                format!("--property=CPUQuota={quota}%"),
                "--".to_owned(),
                "/usr/bin/env".to_owned(),
                "-u".to_owned(),
                "XDG_RUNTIME_DIR".to_owned(),
            ]
            .map(OsString::from),
        );
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_version_is_found_in_the_list_of_mounts() {
        let mounts = "proc /proc proc rw 0 0\n\
            cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0\n\
            cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n\
            cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0\n\
            cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
        let folders = ["memory", "pids", "cpu,cpuacct"]
            .map(|it| Path::new("/sys/fs/cgroup").join(it).join(FOLDER));
        assert_eq!(first_version(mounts), Some(folders.to_vec()));
        assert_eq!(first_version("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n"), None);
    }

    #[test]
    fn our_own_group_is_a_path_below_the_mount() {
        let list = "4:memory:/a\n0::/user.slice/user-1000.slice/x.scope\n";
        assert_eq!(own_group(list), Some("user.slice/user-1000.slice/x.scope"));
        assert_eq!(own_group("4:memory:/a\n"), None);
    }

    #[test]
    fn a_scope_has_its_limits_on_its_command_line_and_a_folder_that_we_know() {
        let scopes = Scopes::of(1000);
        let caps = Caps { memory: 1024, processes: 7, cpus: 1.5 };
        let words = scopes.launcher("job.ab.0", &caps).join(" ".as_ref()).into_string().unwrap();
        assert!(
            words.starts_with("/usr/bin/env XDG_RUNTIME_DIR=/run/user/1000 /usr/bin/systemd-run")
        );
        for word in ["MemoryMax=1024", "MemorySwapMax=0", "TasksMax=7", "CPUQuota=150%"] {
            assert!(words.contains(&format!("--property={word} ")), "{words}");
        }
        assert!(words.ends_with("-- /usr/bin/env -u XDG_RUNTIME_DIR"), "{words}");
        let folder = scopes.folder("job.ab.0");
        assert_eq!(bare_name(folder.file_name().unwrap().to_str().unwrap()), "job.ab.0");
        assert!(folder.starts_with("/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service"));
    }
}

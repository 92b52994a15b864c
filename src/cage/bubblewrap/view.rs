//! What a child in the cage sees: a list of what is there. Everything else is not.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use super::filter::Filter;
use crate::cage::install::{self, Access, LINKS, Mounts, SYSTEM};
use crate::cage::{CageError, Network, Rules, USER};
use crate::process::Spec;

/// What somebody installed beside the system.
const OPT: &str = "/opt";

/// What programs need of `/etc`. A name with `*` stands for all that begin so. Each is a mount, and
/// costs a part of a millisecond. Deliberately absent: what holds people and secrets (`passwd`,
/// `shadow`, `ssh`, `ssl/private`), and settings that may hold tokens (`gitconfig`, `pip.conf`,
/// `npmrc`): `Rules::readable` may name those.
const ETC: [&str; 24] = [
    "alternatives",
    "crypto-policies",
    "fonts",
    "java*",
    "ld-musl-*",
    "ld.so.*",
    "locale.conf",
    "localtime",
    "maven",
    "mime.types",
    "nsswitch.conf",
    "os-release",
    "php*",
    "pki/ca-trust",
    "pki/java",
    "pki/tls/cert.pem",
    "pki/tls/certs",
    "pki/tls/openssl.cnf",
    "python*",
    "services",
    "ssl/cert.pem",
    "ssl/certs",
    "ssl/java",
    "ssl/openssl.cnf",
];

/// In `/dev/shm`, as in a container of Docker's.
const SHARED_MEMORY: u64 = 64 << 20;

/// `bwrap`'s options for the file system, and the small files that it is handed: `passwd`,
/// `group` and `hosts`, on descriptors 6 to 8.
pub(super) struct View {
    pub(super) words: Vec<OsString>,
    pub(super) files: [String; 3],
    /// On descriptor 9.
    pub(super) filter: Filter,
}

pub(super) async fn of(spec: &Spec, rules: &Rules) -> Result<View, CageError> {
    let home = spec.env.iter().rev().find(|(name, _)| name == "HOME");
    let home = home.and_then(|(_, value)| value.to_str()).unwrap_or("/").to_owned();
    let rules = rules.clone();
    tokio::task::spawn_blocking(move || {
        let words = words(&rules)?;
        Ok(View { words, files: files(&home, rules.network), filter: Filter::write()? })
    })
    .await
    .unwrap_or_else(|error| Err(std::io::Error::other(error)))
    .map_err(|error| CageError::NotStarted(format!("the cage cannot be furnished: {error}")))
}

fn files(home: &str, network: Network) -> [String; 3] {
    let home = if home.contains([':', '\n']) { "/" } else { home };
    let ours = || "127.0.0.1 localhost codingworker\n::1 localhost codingworker".to_owned();
    let hosts = match network {
        Network::Open => fs::read_to_string("/etc/hosts").unwrap_or_else(|_| ours()),
        Network::None | Network::Port(_) => ours(),
    };
    let passwd = format!("codingworker:x:{USER}:{USER}:CodingWorker:{home}:/bin/sh");
    [passwd, format!("codingworker:x:{USER}:"), hosts.trim_end().to_owned()]
}

fn words(rules: &Rules) -> std::io::Result<Vec<OsString>> {
    let mounts = mounts(rules)?;
    let mut words = Words::default();
    if opt_is_tools(rules) {
        words.put("--ro-bind", OPT.as_ref(), OPT.as_ref());
    }
    for folder in SYSTEM.map(Path::new).into_iter().filter(|it| it.exists()) {
        words.put("--ro-bind", folder, folder);
    }
    for link in LINKS.map(Path::new).into_iter().filter(|it| it.exists()) {
        match fs::read_link(link) {
            Ok(target) => words.put("--symlink", &target, link),
            Err(_) => words.put("--ro-bind", link, link),
        }
    }
    for path in etc() {
        match fs::read_link(&path) {
            // Into `/usr`, which is there: `localtime` is such a link.
            Ok(target) if path.canonicalize().is_ok_and(|it| it.starts_with("/usr")) => {
                words.put("--symlink", &target, &path);
            }
            _ => words.put("--ro-bind", &path, &path),
        }
    }
    let resolver = Path::new("/etc/resolv.conf");
    if rules.network == Network::Open && resolver.exists() {
        words.put("--ro-bind", resolver, resolver);
    }
    for (descriptor, path) in [("6", "/etc/passwd"), ("7", "/etc/group"), ("8", "/etc/hosts")] {
        words.folders_to(path.as_ref());
        words.two("--perms", "0644");
        words.put("--ro-bind-data", descriptor.as_ref(), path.as_ref());
    }
    words.two("--proc", "/proc");
    words.two("--dev", "/dev");
    words.temporary("/dev/shm", SHARED_MEMORY.min(rules.limits.temporary));
    words.temporary("/tmp", rules.limits.temporary);
    words.temporary("/var/tmp", rules.limits.temporary);
    words.folders_to("/run/any".as_ref());
    for (place, (source, access)) in &mounts {
        words.put(if *access == Access::Write { "--bind" } else { "--ro-bind" }, source, place);
    }
    // What is between them is memory without a bound.
    words.two("--remount-ro", "/dev");
    words.two("--remount-ro", "/");
    Ok(words.words)
}

/// `bwrap`'s command line, an option at a time.
#[derive(Default)]
struct Words {
    words: Vec<OsString>,
    /// The folders that are made, and the paths that are the host's.
    made: BTreeSet<PathBuf>,
    bound: BTreeSet<PathBuf>,
}

impl Words {
    fn two(&mut self, option: &str, value: impl Into<OsString>) {
        self.words.extend([option.into(), value.into()]);
    }

    fn put(&mut self, option: &str, from: &Path, to: &Path) {
        self.folders_to(to);
        self.two(option, from);
        self.words.push(to.into());
        if option.ends_with("bind") {
            self.bound.insert(to.to_owned());
        }
    }

    fn temporary(&mut self, place: &str, bytes: u64) {
        self.folders_to(place.as_ref());
        self.two("--size", bytes.max(1 << 20).to_string());
        self.two("--perms", "1777");
        self.two("--tmpfs", place);
    }

    /// Makes the folders above a place. `bwrap` would make them for its own user alone, and
    /// root's child is another.
    fn folders_to(&mut self, place: &Path) {
        let mut above: Vec<_> = place.ancestors().skip(1).collect();
        above.reverse();
        for folder in above.into_iter().filter(|it| it.parent().is_some()) {
            let theirs = ["/tmp", "/var/tmp", "/dev", "/dev/shm"].map(Path::new).contains(&folder);
            let there = theirs || folder.ancestors().any(|it| self.bound.contains(it));
            if !there && self.made.insert(folder.to_owned()) {
                self.two("--perms", "0755");
                self.two("--dir", folder);
            }
        }
    }
}

/// The paths below `/etc` that are there. One that is a link is put there as what it leads to.
fn etc() -> Vec<PathBuf> {
    let etc = Path::new("/etc");
    let names: Vec<_> = fs::read_dir(etc).map_or_else(
        |_| Vec::new(),
        |entries| entries.flatten().filter_map(|it| it.file_name().into_string().ok()).collect(),
    );
    let mut found = Vec::new();
    for wanted in ETC {
        match wanted.strip_suffix('*') {
            Some(start) => {
                found.extend(names.iter().filter(|it| it.starts_with(start)).map(|it| etc.join(it)))
            }
            None => found.push(etc.join(wanted)),
        }
    }
    found.retain(|path| path.exists());
    found
}

/// A link in a folder that is shown is there as what it is; nothing can be put on its place.
fn without_visible_links(mounts: &mut Mounts) {
    let is_shown = |folder: &&Path| mounts.get(*folder).is_some_and(|(real, _)| real == *folder);
    let is_visible = |(place, (source, _)): &(&PathBuf, &(PathBuf, Access))| {
        place.is_symlink() && place != &source && place.ancestors().skip(1).any(|it| is_shown(&it))
    };
    let visible: Vec<_> = mounts.iter().filter(is_visible).map(|(it, _)| it.clone()).collect();
    mounts.retain(|place, _| !visible.contains(place));
}

/// What of the rules is put where, beyond the system's own.
fn mounts(rules: &Rules) -> std::io::Result<Mounts> {
    let mut mounts = Mounts::new();
    let writable: Vec<PathBuf> =
        rules.writable.iter().map(|path| path.canonicalize()).collect::<Result<_, _>>()?;
    let whole = opt_is_tools(rules);
    let optional = if whole { Vec::new() } else { optional(&writable) };
    let readable = rules.readable.iter().filter(|it| !whole || !it.starts_with(OPT));
    for path in optional.iter().chain(readable) {
        install::add(path, &writable, &mut mounts);
    }
    without_visible_links(&mut mounts);
    for (given, real) in rules.writable.iter().zip(&writable) {
        mounts.insert(given.clone(), (real.clone(), Access::Write));
        mounts.insert(real.clone(), (real.clone(), Access::Write));
    }
    for socket in &rules.sockets {
        let real = socket.canonicalize()?;
        if !real.metadata()?.file_type().is_socket() {
            let message = format!("{} is no socket", socket.display());
            return Err(std::io::Error::other(message));
        }
        mounts.insert(socket.clone(), (real, Access::Write));
    }
    Ok(mounts)
}

/// Whether `/opt` may be shown whole: it is there, and nothing of the worker's is in it.
fn opt_is_tools(rules: &Rules) -> bool {
    let real = rules.writable.iter().chain(&rules.sockets).flat_map(|it| it.canonicalize());
    Path::new(OPT).is_dir() && !real.into_iter().any(|it| it.starts_with(OPT))
}

/// What is installed in `/opt`, except for what holds the worker's own folders.
fn optional(writable: &[PathBuf]) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(OPT) else { return Vec::new() };
    let folders = entries.flatten().map(|it| it.path());
    folders.filter(|it| !writable.iter().any(|path| path.starts_with(it))).collect()
}

//! A release on a server of this machine, and somebody's home to install it into.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

pub(super) const PROGRAM: &str = "#!/bin/sh\ncase $1 in --version) echo codingworker VERSION ;; completions) \
                       echo \"# for $2\" ;; *) exit 2 ;; esac\n";
pub(super) const PLATFORMS: [&str; 4] =
    ["linux-x86_64", "linux-arm64", "macos-x86_64", "macos-arm64"];
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[expect(clippy::disallowed_methods, reason = "blocking, and outside of any runtime")]
pub(super) fn run(words: &[&str], with: &[(&str, &str)]) -> Output {
    let mut command = Command::new("/usr/bin/timeout");
    command.arg("120").args(words).stdin(Stdio::null()).env_remove("PREFIX");
    command.env_remove("CODINGWORKER_REPOSITORY").env_remove("CODINGWORKER_DOWNLOAD");
    command.envs(with.iter().copied()).output().unwrap()
}

pub(super) fn words(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

pub(super) fn executable(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(path, mode).unwrap();
}

/// What `scripts/package` makes, as names and bytes.
pub(super) fn package(dist: &Path) -> BTreeMap<String, Vec<u8>> {
    for platform in PLATFORMS {
        let program = PROGRAM.replace("VERSION", VERSION);
        executable(&dist.join(platform).join("codingworker"), &program);
    }
    let script = root().join("scripts/package");
    let made = run(
        &[script.to_str().unwrap(), dist.to_str().unwrap()],
        &[("GITHUB_REPOSITORY", "octo-org/codingworker"), ("SOURCE_DATE_EPOCH", "1700000000")],
    );
    assert!(made.status.success(), "{}", words(&made));
    let files = std::fs::read_dir(dist.join("release")).unwrap().map(|it| it.unwrap().path());
    let named = |it: PathBuf| {
        (it.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&it).unwrap())
    };
    files.map(named).collect()
}

pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|it| format!("{it:02x}")).collect()
}

/// A release on a server of this machine, and somebody's home to install it into.
pub(super) struct Shop {
    pub(super) files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    /// The name of the file that breaks off half-way.
    pub(super) broken: Arc<Mutex<String>>,
    address: String,
    pub(super) home: TempDir,
    /// What is packed, and for this machine.
    pub(super) tarball: String,
}

impl Shop {
    pub(super) fn open() -> Self {
        let home = tempfile::tempdir().unwrap();
        let files = Arc::new(Mutex::new(package(&home.path().join("dist"))));
        let broken = Arc::new(Mutex::new(String::new()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (shelf, faulty) = (files.clone(), broken.clone());
        // It ends with the test process, which is soon.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = serve(stream, &shelf.lock().unwrap(), &faulty.lock().unwrap());
            }
        });
        let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        let tarball = format!("codingworker-{VERSION}-linux-{machine}.tar.gz");
        Self { files, broken, address, home, tarball }
    }

    pub(super) fn program(&self) -> PathBuf {
        self.home.path().join("prefix/bin/codingworker")
    }

    /// Puts another program where the new one would go.
    pub(super) fn has_an_older_one(&self) {
        executable(&self.program(), "#!/bin/sh\necho older\n");
    }

    /// A program that comes before the machine's own of the same name.
    pub(super) fn instead_of(&self, name: &str, text: &str) {
        executable(&self.home.path().join("fakes").join(name), text);
    }

    pub(super) fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        change(self.files.lock().unwrap().get_mut(name).unwrap());
    }

    pub(super) fn install_with(&self, more: &[&str], with: &[(&str, &str)]) -> (bool, String) {
        let prefix = self.home.path().join("prefix");
        // The one that is part of the release.
        let script = self.home.path().join("dist/release/install.sh");
        let mut words_of = vec!["sh", script.to_str().unwrap()];
        words_of.extend(more);
        let fakes = self.home.path().join("fakes");
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", fakes.display());
        let mut all = vec![
            ("PATH", path.as_str()),
            ("PREFIX", prefix.to_str().unwrap()),
            ("CODINGWORKER_DOWNLOAD", self.address.as_str()),
            ("HOME", self.home.path().to_str().unwrap()),
            ("GH_CONFIG_DIR", "/nonexistent"),
            ("NO_PROXY", "127.0.0.1"),
            ("no_proxy", "127.0.0.1"),
        ];
        all.extend(with);
        let output = run(&words_of, &all);
        (output.status.success(), words(&output))
    }

    pub(super) fn install(&self) -> (bool, String) {
        self.install_with(&[], &[])
    }

    /// Nothing but the older program is there, and it is whole.
    fn kept(&self, said: &str) {
        let folder = self.program().parent().unwrap().to_owned();
        let left: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
        assert_eq!(left, [self.program()], "{said}");
        assert_eq!(std::fs::read(self.program()).unwrap(), b"#!/bin/sh\necho older\n", "{said}");
    }

    pub(super) fn refuses(&self, because: &str) {
        self.has_an_older_one();
        let (ok, said) = self.install();
        assert!(!ok && said.contains(because), "expected `{because}` in: {said}");
        self.kept(&said);
    }
}

fn serve(
    mut stream: TcpStream,
    files: &BTreeMap<String, Vec<u8>>,
    broken: &str,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(std::time::Duration::from_secs(10)))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let asked = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|it| !it.is_empty()) {}
    let name = asked.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    let Some(bytes) = files.get(&name) else {
        return stream.write_all(
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        );
    };
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        bytes.len()
    )?;
    let end = if name == broken { bytes.len() / 2 } else { bytes.len() };
    stream.write_all(&bytes[..end])
}

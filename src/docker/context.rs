//! The folder that an image is built from, as a stream: nothing of it is held in memory but the
//! piece that is just being sent.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::ignore::Ignore;

/// As much as this is sent. Without an end, a sparse file would fill the engine's disk.
const MAX_BYTES: u64 = 4 << 30;
/// And as many files.
const MAX_FILES: usize = 500_000;
/// And no folder deeper than this.
const MAX_DEPTH: usize = 200;
/// A `.dockerignore` is not longer.
const MAX_IGNORE: u64 = 64 << 10;
const IGNORE: &str = ".dockerignore";

/// Writes the folder as a tar archive: links as links, with no times and no owners, so that the
/// same files are the same layers. Special files and `.git` are left out, and what
/// `.dockerignore` says, but for itself and the Dockerfile: the engine needs both.
pub(super) fn write(context: &Path, dockerfile: &str, into: impl Write) -> io::Result<()> {
    let mut archive = Archive {
        tar: tar::Builder::new(BufWriter::with_capacity(64 << 10, into)),
        root: context.to_owned(),
        keep: [clean(dockerfile), PathBuf::from(IGNORE)],
        ignore: read_ignore(context)?,
        bytes: 0,
        files: 0,
    };
    archive.folder(Path::new(""), 0)?;
    archive.tar.into_inner()?.into_inner().map_err(io::IntoInnerError::into_error)?.flush()
}

/// Whether the Dockerfile is in the context: a path out of it, or one that is not there, is an
/// answer about the project, better given before anything is sent.
pub(super) fn has_dockerfile(context: &Path, dockerfile: &str) -> bool {
    let inside = Path::new(dockerfile)
        .components()
        .all(|it| matches!(it, std::path::Component::Normal(_) | std::path::Component::CurDir));
    inside && context.join(dockerfile).symlink_metadata().is_ok_and(|it| !it.is_dir())
}

fn clean(path: &str) -> PathBuf {
    Path::new(path).components().filter(|it| *it != std::path::Component::CurDir).collect()
}

fn read_ignore(context: &Path) -> io::Result<Ignore> {
    let file = match open(&context.join(IGNORE)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ignore::default()),
        // A link: what it leads to may lie outside. Docker would follow it; we send everything.
        Err(error) if error.raw_os_error() == Some(nix::libc::ELOOP) => {
            return Ok(Ignore::default());
        }
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(MAX_IGNORE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_IGNORE {
        return Err(io::Error::other(format!("{IGNORE} is longer than {MAX_IGNORE} bytes")));
    }
    Ok(Ignore::parse(&String::from_utf8_lossy(&bytes)))
}

/// Never through a link in its last part, and never waiting for who writes into a pipe.
fn open(path: &Path) -> io::Result<File> {
    let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

struct Archive<W: Write> {
    tar: tar::Builder<W>,
    root: PathBuf,
    keep: [PathBuf; 2],
    ignore: Ignore,
    bytes: u64,
    files: usize,
}

impl<W: Write> Archive<W> {
    fn folder(&mut self, folder: &Path, depth: usize) -> io::Result<()> {
        if depth > MAX_DEPTH {
            return Err(io::Error::other(format!("{} is too deep a folder", folder.display())));
        }
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.root.join(folder))? {
            names.push(entry?.file_name());
            if names.len() > MAX_FILES {
                return Err(too_many());
            }
        }
        names.sort_unstable();
        for name in names.iter().filter(|name| *name != ".git") {
            self.entry(&folder.join(name), depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path, depth: usize) -> io::Result<()> {
        let full = self.root.join(path);
        let meta = match full.symlink_metadata() {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(named(&full, error)),
        };
        let out = self.ignore.leaves_out(&path.to_string_lossy())
            && !self.keep.iter().any(|keep| keep == path);
        if meta.is_dir() {
            if !out {
                self.count(0)?;
                self.append(path, tar::EntryType::Directory, 0o755, 0, io::empty())?;
            }
            let keeps = self.keep.iter().any(|keep| keep.starts_with(path));
            if !out || keeps || self.ignore.takes_back() {
                self.folder(path, depth + 1)?;
            }
        } else if out {
            // Nothing.
        } else if meta.is_symlink() {
            let target = std::fs::read_link(&full).map_err(|error| named(&full, error))?;
            self.count(0)?;
            let mut header = header(tar::EntryType::Symlink, 0o777, 0);
            self.tar.append_link(&mut header, path, Path::new(target.as_os_str()))?;
        } else if meta.is_file() {
            self.file(path, &full)?;
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, full: &Path) -> io::Result<()> {
        let file = open(full).map_err(|error| named(full, error))?;
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Ok(());
        }
        self.count(meta.len())?;
        let mode = if meta.permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 };
        let exactly = Exactly { file: file.take(meta.len()), left: meta.len() };
        self.append(path, tar::EntryType::Regular, mode, meta.len(), exactly)
            .map_err(|error| named(full, error))
    }

    fn append(
        &mut self,
        path: &Path,
        kind: tar::EntryType,
        mode: u32,
        size: u64,
        data: impl Read,
    ) -> io::Result<()> {
        let mut header = header(kind, mode, size);
        if path.as_os_str().as_bytes().is_empty() {
            return Ok(());
        }
        self.tar.append_data(&mut header, path, data)
    }

    fn count(&mut self, bytes: u64) -> io::Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.files += 1;
        if self.files > MAX_FILES {
            return Err(too_many());
        }
        if self.bytes > MAX_BYTES {
            return Err(io::Error::other(format!(
                "the build context is larger than {} GiB: name what the image does not need in \
                 {IGNORE}",
                MAX_BYTES >> 30
            )));
        }
        Ok(())
    }
}

fn too_many() -> io::Error {
    io::Error::other(format!(
        "the build context has more than {MAX_FILES} files: name what the image does not need in \
         {IGNORE}"
    ))
}

fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn header(kind: tar::EntryType, mode: u32, size: u64) -> tar::Header {
    /// Some day after 1980, where the times of zip archives begin.
    const SOME_DAY: u64 = 1_000_000_000;
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(SOME_DAY);
    header.set_size(size);
    header
}

/// A file that is as long as it was said to be: one that shrinks while it is read would put the
/// rest of the archive out of step.
struct Exactly {
    file: io::Take<File>,
    left: u64,
}

impl Read for Exactly {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.left -= length as u64;
        if length == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(io::Error::other("it became shorter while it was read"));
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn sent(folder: &Path, dockerfile: &str) -> Vec<String> {
        let mut bytes = Vec::new();
        write(folder, dockerfile, &mut bytes).unwrap();
        let mut archive = tar::Archive::new(&bytes[..]);
        let entries = archive.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            match entry.link_name().unwrap() {
                Some(target) => format!("{path} -> {}", target.display()),
                None => format!("{path} {:o}", entry.header().mode().unwrap()),
            }
        });
        entries.collect()
    }

    fn put(folder: &Path, files: &[&str]) {
        for file in files {
            let file = folder.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "x").unwrap();
        }
    }

    #[test]
    fn links_go_as_links_and_special_files_and_git_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), &["Dockerfile", ".git/config", "a/.git/x", "a/b"]);
        symlink("/etc/passwd", folder.path().join("out")).unwrap();
        symlink("/etc", folder.path().join("a/etc")).unwrap();
        let long = format!("{}/{}", "d".repeat(150), "f".repeat(150));
        put(folder.path(), &[&long]);
        nix::unistd::mkfifo(&folder.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("sock")).unwrap();
        std::fs::set_permissions(
            folder.path().join("a/b"),
            std::fs::Permissions::from_mode(0o4711),
        )
        .unwrap();
        assert_eq!(
            sent(folder.path(), "Dockerfile"),
            [
                "Dockerfile 644",
                "a 755",
                "a/b 755",
                "a/etc -> /etc",
                &format!("{} 755", "d".repeat(150)),
                &format!("{long} 644"),
                "out -> /etc/passwd",
            ]
        );
    }

    #[test]
    fn what_is_ignored_is_left_out_but_never_what_the_engine_needs() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), &["ci/Dockerfile", "ci/x", "src/a.rs", "src/b.rs", "n/m/deep"]);
        std::fs::write(folder.path().join(IGNORE), "*\n!src/b.rs\n").unwrap();
        let paths = sent(folder.path(), "./ci/Dockerfile");
        assert_eq!(paths, [".dockerignore 644", "ci/Dockerfile 644", "src/b.rs 644"]);
    }

    #[test]
    fn the_same_files_are_the_same_bytes_whenever_they_were_written() {
        let archive = || {
            let folder = tempfile::tempdir().unwrap();
            put(folder.path(), &["b", "a", "c/d"]);
            let mut bytes = Vec::new();
            write(folder.path(), "a", &mut bytes).unwrap();
            bytes
        };
        assert_eq!(archive(), archive());
    }

    #[test]
    fn a_context_without_end_is_an_error_and_not_a_full_disk() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), &["Dockerfile"]);
        File::create(folder.path().join("sparse")).unwrap().set_len(1 << 40).unwrap();
        let error = write(folder.path(), "Dockerfile", io::sink()).unwrap_err().to_string();
        assert!(error.contains("larger than 4 GiB") && error.contains(IGNORE), "{error}");
    }

    #[test]
    fn a_dockerfile_is_looked_for_in_the_context_only() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), &["c/Dockerfile", "Dockerfile"]);
        let context = folder.path().join("c");
        assert!(has_dockerfile(&context, "Dockerfile") && has_dockerfile(&context, "./Dockerfile"));
        for outside in ["../Dockerfile", "nothing", "", ".", "/etc/passwd"] {
            assert!(!has_dockerfile(&context, outside), "{outside}");
        }
    }
}

//! A build's context: taken down, looked into, and written anew, so that the engine unpacks what we
//! have read and its Dockerfile is the one that was judged.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flate2::bufread::MultiGzDecoder;
use futures_util::TryStreamExt;
use http::StatusCode;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use tar::{Archive, Builder, Entry, EntryType, Header};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::io::ReaderStream;

use super::Shared;
use super::answer::{Body, Stop};
use crate::engine::socket::Context;

/// The largest context, and how many files it may have.
const MOST: u64 = 4 << 30;
const FILES: usize = 1_000_000;
/// The largest Dockerfile.
const DOCKERFILE: u64 = 1 << 20;
/// How long it may take to come.
const LIMIT: Duration = Duration::from_secs(600);
/// Pieces of it on their way from the socket to the disk.
const PIECES: usize = 16;

/// Reads the context, sees that its Dockerfile reaches for nothing that it may not have, and gives
/// what is sent to the engine, with its length.
pub(super) async fn checked(
    shared: &Shared,
    wanted: &Context,
    mut body: Incoming,
) -> Result<(u64, Body), Stop> {
    let file = scratch(&shared.folder).map_err(|error| broken(&error))?;
    let (pieces, received) = mpsc::channel(PIECES);
    let name = wanted.dockerfile.clone();
    let written = tokio::task::spawn_blocking(move || rewrite(Pieces::new(received), file, &name));
    let received = timeout(LIMIT, async {
        while let Some(frame) = body.frame().await {
            let piece =
                frame.map_err(io::Error::other).map(|it| it.into_data().unwrap_or_default());
            // Whoever reads may have seen enough: it says why below.
            if pieces.send(Some(piece)).await.is_err() {
                return;
            }
        }
        let _ = pieces.send(None).await;
    });
    let in_time = received.await.is_ok();
    drop(pieces);
    let (file, text) = match written.await.map_err(|error| broken(&io::Error::other(error)))? {
        Ok(written) => written,
        Err(_) if !in_time => {
            return Err(broken(&io::Error::other("it did not come in 10 minutes")));
        }
        Err(stop) => return Err(stop),
    };
    let text = std::str::from_utf8(&text)
        .map_err(|_| Stop::Refused(format!("`{}` is not text", wanted.dockerfile)))?;
    judge(shared, wanted, text).await?;
    let length = file.metadata().map_err(|error| broken(&error))?.len();
    let stream = ReaderStream::with_capacity(tokio::fs::File::from_std(file), 64 << 10);
    let stream = stream.map_ok(Frame::data).map_err(Into::into);
    Ok((length, BodyExt::boxed_unsync(StreamBody::new(stream))))
}

async fn judge(shared: &Shared, wanted: &Context, text: &str) -> Result<(), Stop> {
    let mut found = Vec::new();
    for base in wanted.bases(text).map_err(Stop::Refused)? {
        let image = shared.upstream.look(&base).await?;
        found.push((base, image));
    }
    wanted.judge(&shared.policy, text, &found).map_err(Stop::Refused)
}

/// Writes the archive anew. Whatever comes of it, all of the body is read: a client reads our
/// answer after it has sent everything.
fn rewrite(mut pieces: Pieces, file: File, name: &str) -> Result<(File, Vec<u8>), Stop> {
    let written = rewritten(&mut pieces, file, name);
    let rest = io::copy(&mut pieces, &mut io::sink());
    rest.map_err(|error| unreadable(&error)).and(written)
}

/// The Dockerfile comes once more at the end, so that nothing before it (a second one, a link to
/// elsewhere) is what the engine reads.
fn rewritten(pieces: &mut Pieces, file: File, name: &str) -> Result<(File, Vec<u8>), Stop> {
    let mut archive = Archive::new(uncompressed(pieces)?);
    let mut out = Builder::new(BufWriter::with_capacity(64 << 10, file));
    let mut dockerfiles = Dockerfiles::new(name);
    let mut size = 0_u64;
    let entries = archive.entries().map_err(|error| unreadable(&error))?;
    for (count, entry) in entries.enumerate() {
        if count >= FILES {
            return Err(Stop::Refused(format!("the context has more than {FILES} files")));
        }
        let entry = entry.map_err(|error| unreadable(&error))?;
        // A packed archive, or a file with holes, may be small on its way and large on the disk.
        size = size.saturating_add(entry.size());
        if size > MOST {
            return Err(Stop::Refused("the context is larger than 4 GiB".into()));
        }
        copy(entry, &mut out, &mut dockerfiles)?;
    }
    let (name, text) = dockerfiles.chosen()?;
    let mut header = Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(text.len() as u64);
    out.append_data(&mut header, &name, text.as_slice()).map_err(|error| broken(&error))?;
    let file =
        out.into_inner().and_then(|it| it.into_inner().map_err(io::IntoInnerError::into_error));
    let mut file = file.map_err(|error| broken(&error))?;
    file.flush().and_then(|()| file.rewind()).map_err(|error| broken(&error))?;
    Ok((file, text))
}

fn copy<R: Read>(
    mut entry: Entry<'_, R>,
    out: &mut Builder<BufWriter<File>>,
    dockerfiles: &mut Dockerfiles<'_>,
) -> Result<(), Stop> {
    let kind = entry.header().entry_type();
    if matches!(kind, EntryType::XGlobalHeader) {
        return Ok(());
    }
    let path = plain(&entry.path_bytes())?;
    if path.is_empty() {
        return Ok(()); // The root itself.
    }
    let place = Path::new(OsStr::from_bytes(&path));
    let mut header = Header::new_gnu();
    header.set_mode(entry.header().mode().unwrap_or(0o644) & 0o7777);
    header.set_uid(entry.header().uid().unwrap_or(0));
    header.set_gid(entry.header().gid().unwrap_or(0));
    header.set_mtime(entry.header().mtime().unwrap_or(0));
    let done = match kind {
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            header.set_entry_type(EntryType::Regular);
            header.set_size(entry.size());
            match dockerfiles.awaits(&path) {
                true => {
                    let text = dockerfile(&mut entry)?;
                    header.set_size(text.len() as u64);
                    let done = out.append_data(&mut header, place, text.as_slice());
                    dockerfiles.is(&path, Some(text));
                    done
                }
                false => out.append_data(&mut header, place, &mut entry),
            }
        }
        EntryType::Directory => {
            header.set_entry_type(EntryType::Directory);
            header.set_size(0);
            dockerfiles.is(&path, None);
            out.append_data(&mut header, place, io::empty())
        }
        EntryType::Symlink | EntryType::Link => {
            let target = entry.link_name_bytes().unwrap_or_default().into_owned();
            let target = if kind == EntryType::Link { plain(&target)? } else { target };
            header.set_entry_type(kind);
            header.set_size(0);
            dockerfiles.is(&path, None);
            out.append_link(&mut header, place, OsStr::from_bytes(&target))
        }
        _ => {
            let path = String::from_utf8_lossy(&path).escape_debug().to_string();
            return Err(Stop::Refused(format!(
                "`{path}` in the context is no file, folder or link"
            )));
        }
    };
    done.map_err(|error| unreadable(&error))
}

fn dockerfile(entry: &mut impl Read) -> Result<Vec<u8>, Stop> {
    let mut text = Vec::new();
    entry.take(DOCKERFILE + 1).read_to_end(&mut text).map_err(|error| unreadable(&error))?;
    match text.len() as u64 > DOCKERFILE {
        true => Err(Stop::Refused("the Dockerfile is larger than 1 MiB".into())),
        false => Ok(text),
    }
}

/// A path without dots.
fn plain(path: &[u8]) -> Result<Vec<u8>, Stop> {
    let parts = path.split(|it| *it == b'/').filter(|it| !matches!(*it, b"" | b"."));
    let parts: Vec<&[u8]> = parts.collect();
    if parts.contains(&b"..".as_slice()) || path.contains(&0) {
        let path = String::from_utf8_lossy(path).escape_debug().to_string();
        return Err(Stop::Refused(format!("`{path}` leads out of the context")));
    }
    Ok(parts.join(&b'/'))
}

/// The file that is built by. The engine takes `dockerfile` when there is no `Dockerfile`.
struct Dockerfiles<'a> {
    name: &'a str,
    first: Option<Option<Vec<u8>>>,
    second: Option<Option<Vec<u8>>>,
}

impl<'a> Dockerfiles<'a> {
    fn new(name: &'a str) -> Self {
        Self { name, first: None, second: None }
    }

    fn place(&mut self, path: &[u8]) -> Option<&mut Option<Option<Vec<u8>>>> {
        if path == self.name.as_bytes() {
            Some(&mut self.first)
        } else if self.name == "Dockerfile" && path == b"dockerfile" {
            Some(&mut self.second)
        } else {
            None
        }
    }

    fn awaits(&mut self, path: &[u8]) -> bool {
        self.place(path).is_some()
    }

    /// What lies there now: a file's text, or something else.
    fn is(&mut self, path: &[u8], text: Option<Vec<u8>>) {
        if let Some(place) = self.place(path) {
            *place = Some(text);
        }
    }

    fn chosen(self) -> Result<(String, Vec<u8>), Stop> {
        let fallback = ("dockerfile", self.second);
        let (name, what) = match self.first {
            None if fallback.1.is_some() => fallback,
            first => (self.name, first),
        };
        match what {
            Some(Some(text)) => Ok((name.to_owned(), text)),
            Some(None) => Err(Stop::Refused(format!("`{name}` is no plain file; make it one"))),
            None => Err(Stop::Wrong(
                StatusCode::BAD_REQUEST,
                format!("Cannot locate specified Dockerfile: {name}"),
            )),
        }
    }
}

/// The engine unpacks by the first bytes, whatever a client says of them; so do we. Compose packs
/// with gzip. What is sent on is not packed.
fn uncompressed<'a>(pieces: &'a mut Pieces) -> Result<Box<dyn Read + 'a>, Stop> {
    const OTHERS: [&[u8]; 3] = [b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"];
    let mut head = Vec::new();
    pieces.take(16).read_to_end(&mut head).map_err(|error| unreadable(&error))?;
    // A frame that zstd skips may come first.
    let skipped = head.get(1..4) == Some(b"\x2a\x4d\x18");
    if skipped || OTHERS.iter().any(|it| head.starts_with(it)) {
        let why = "a build's context must be a tar archive, plain or packed with gzip";
        return Err(Stop::Refused(why.into()));
    }
    let packed = head.starts_with(b"\x1f\x8b");
    let whole = BufReader::with_capacity(64 << 10, io::Cursor::new(head).chain(pieces));
    Ok(match packed {
        true => Box::new(MultiGzDecoder::new(whole)),
        false => Box::new(whole),
    })
}

/// A file that nobody else sees.
fn scratch(folder: &Path) -> io::Result<File> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!(".context-{}-{count}", std::process::id()));
    let file =
        OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// The pieces of a body as a reader; its length is bounded, and its end is not taken for granted.
struct Pieces {
    received: mpsc::Receiver<Option<io::Result<Bytes>>>,
    piece: Bytes,
    read: u64,
    ended: bool,
}

impl Pieces {
    fn new(received: mpsc::Receiver<Option<io::Result<Bytes>>>) -> Self {
        Self { received, piece: Bytes::new(), read: 0, ended: false }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.ended {
            match self.received.blocking_recv() {
                Some(Some(piece)) => self.piece = piece?,
                Some(None) => self.ended = true,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let count = self.piece.len().min(buffer.len());
        self.read += count as u64;
        if self.read > MOST {
            return Err(io::Error::other("it is larger than 4 GiB"));
        }
        buffer[..count].copy_from_slice(&self.piece.split_to(count));
        Ok(count)
    }
}

fn unreadable(error: &io::Error) -> Stop {
    Stop::Refused(format!("the build's context cannot be read: {error}"))
}

fn broken(error: &io::Error) -> Stop {
    Stop::Wrong(
        StatusCode::INTERNAL_SERVER_ERROR,
        format!("the build's context cannot be kept: {error}"),
    )
}

//! Building an image, by the classic builder.

use std::collections::HashMap;
use std::os::fd::OwnedFd;

use bollard::query_parameters::{BuildImageOptions, BuilderVersion};
use futures_util::{StreamExt, stream};
use tokio::net::unix::pipe::Receiver;
use tokio::task::JoinHandle;
use tokio_util::io::ReaderStream;
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::image::{checked, is_on_the_way};
use super::{Build, Docker, DockerError, Owner, context};
use crate::process::{Capture, Tee};

/// How much of the end of a log goes into an error.
const LOG_END: usize = 8 << 10;

impl Docker {
    pub(super) async fn make(
        &self,
        build: Build<'_>,
        owner: &Owner,
        tee: Option<&dyn Tee>,
        stop: &CancellationToken,
    ) -> Result<String, DockerError> {
        checked(build.tag)?;
        if !context::has_dockerfile(build.context, build.dockerfile) {
            return Err(DockerError::Refused(format!(
                "there is no Dockerfile `{}` in the repository",
                build.dockerfile.escape_debug()
            )));
        }
        if stop.is_cancelled() {
            return Err(DockerError::Stopped);
        }
        let client = self.client().await?;
        let mut log = Capture::new(LOG_END);
        let work = follow(&client, &build, owner, &mut log, tee);
        // Dropping it closes the connection, and the engine ends the build that nobody hears.
        let answer = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(DockerError::Stopped),
            answer = tokio::time::timeout(build.limit, work) => answer,
        };
        let end = log.finish();
        let end = crate::process::plain(if end.tail.is_empty() { &end.head } else { &end.tail });
        match answer {
            Ok(Ok(Some(id))) => Ok(id),
            Ok(Ok(None)) => match client.look_at(build.tag).await? {
                Some(image) => Ok(image.id),
                None => Err(client.away("the build ended without an image".to_owned())),
            },
            // What a command of its own says is about the project, whatever words are in it.
            Ok(Err(DockerError::Refused(message)))
                if is_on_the_way(&message) && !message.starts_with("The command") =>
            {
                let image = format!("FROM … in {}", build.dockerfile.escape_debug());
                Err(DockerError::RegistryAway { image, message })
            }
            Ok(Err(DockerError::Refused(why))) => Err(not_built(build.dockerfile, &why, &end)),
            Ok(Err(error)) => Err(error),
            Err(_) => {
                let why = format!("it took longer than {} s", build.limit.as_secs());
                Err(not_built(build.dockerfile, &why, &end))
            }
        }
    }
}

fn not_built(dockerfile: &str, why: &str, log: &str) -> DockerError {
    let log = log.trim();
    let dockerfile = dockerfile.escape_debug();
    if log.is_empty() || log.ends_with(why) {
        return DockerError::Refused(format!("the image of `{dockerfile}` does not build: {why}"));
    }
    DockerError::Refused(format!("the image of `{dockerfile}` does not build: {why}\n{log}"))
}

/// Sends the context and hears the log to its end; gives the image's id, where the engine says it.
async fn follow(
    client: &Client,
    build: &Build<'_>,
    owner: &Owner,
    log: &mut Capture,
    tee: Option<&dyn Tee>,
) -> Result<Option<String>, DockerError> {
    let (reader, thread, sent) = send(build).map_err(|error| {
        DockerError::Refused(format!("the build context could not be sent: {error}"))
    })?;
    // An archive that was cut short must not look like a whole one.
    let end = stream::once(thread).filter_map(|answer| async {
        match answer {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(Err(error)),
            Err(error) => Some(Err(std::io::Error::other(error))),
        }
    });
    let pieces = ReaderStream::with_capacity(reader, 64 << 10).chain(end);
    let body = bollard::body_try_stream(pieces);
    let api = client.with_query(format!("memory={0}&memswap={0}", build.memory));
    let mut news = api.build_image(options(build, owner), None, Some(body));
    let mut id = None;
    while let Some(piece) = news.next().await {
        let piece = match piece {
            Ok(piece) => piece,
            // A context that we could not read to its end is the reason for what the engine says.
            Err(error) => match why_not_sent(&sent) {
                Some(why) => return Err(DockerError::Refused(why)),
                None => return Err(client.failure(error).into()),
            },
        };
        id = piece.aux.as_ref().and_then(|image| image.id.clone()).or(id);
        let text = piece.stream.as_deref().or(piece.status.as_deref());
        if let Some(text) = text.filter(|_| piece.progress_detail.is_none()) {
            log.write(text.as_bytes());
            if let Some(tee) = tee {
                tee.write(text.as_bytes());
            }
        }
    }
    Ok(id)
}

fn options(build: &Build<'_>, owner: &Owner) -> BuildImageOptions {
    BuildImageOptions {
        dockerfile: build.dockerfile.to_owned(),
        t: Some(build.tag.to_owned()),
        rm: true,
        forcerm: true,
        labels: Some(owner.labels().into_iter().collect::<HashMap<_, _>>()),
        networkmode: Some(if build.network { "default" } else { "none" }.to_owned()),
        version: BuilderVersion::BuilderV1,
        ..Default::default()
    }
}

type Sent = std::sync::Arc<std::sync::Mutex<Option<String>>>;

fn why_not_sent(sent: &Sent) -> Option<String> {
    sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
}

/// The context as a body, from a thread that ends when nobody reads any more.
fn send(build: &Build<'_>) -> std::io::Result<(Receiver, JoinHandle<std::io::Result<()>>, Sent)> {
    let (reader, writer) = std::io::pipe()?;
    let reader = Receiver::from_owned_fd(OwnedFd::from(reader))?;
    let sent = Sent::default();
    let (folder, dockerfile) = (build.context.to_owned(), build.dockerfile.to_owned());
    let said = sent.clone();
    let thread = tokio::task::spawn_blocking(move || {
        let answer = context::write(&folder, &dockerfile, writer);
        // Nobody reads any more: the engine has said why, or we stopped.
        let answer = answer.or_else(|error| match error.kind() {
            std::io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(error),
        });
        if let Err(error) = &answer {
            *said.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
                Some(format!("the build context could not be sent: {error}"));
        }
        answer
    });
    Ok((reader, thread, sent))
}

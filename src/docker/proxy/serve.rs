//! One request: judged, looked after, written anew, sent on.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::answer::{self, Body, Stop, full};
use super::{Shared, context, hijack};
use crate::engine::socket::{self, Passage, Reply, Settled, Verdict, Way};

/// The largest body that is JSON.
const JSON: usize = 4 << 20;
/// How long it may take to come.
const JSON_LIMIT: Duration = Duration::from_secs(30);
/// More things than anybody names in one request.
const LOOKS: usize = 64;

pub(super) async fn request(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path();
    let words: String = format!("{} {path}", request.method()).chars().take(300).collect();
    let response = match answer(&shared, request, &words).await {
        Ok(response) => response,
        Err(Stop::Refused(why)) => {
            shared.refused(&words, &why);
            answer::message(StatusCode::FORBIDDEN, &why)
        }
        Err(Stop::NotOurs(why)) => {
            shared.refused(
                &words,
                &format!("it is somebody else's, so it is said to be missing ({why})"),
            );
            answer::message(StatusCode::NOT_FOUND, &why)
        }
        Err(Stop::Wrong(status, why)) => answer::message(status, &why),
        Err(Stop::Away(why)) => {
            shared.away(&why);
            answer::message(StatusCode::SERVICE_UNAVAILABLE, &why)
        }
    };
    Ok(response)
}

async fn answer(
    shared: &Arc<Shared>,
    mut request: Request<Incoming>,
    words: &str,
) -> Result<Response<Body>, Stop> {
    let uri = request.uri();
    if uri.scheme().is_some() || uri.authority().is_some() {
        return Err(Stop::Refused("a request must name a path, not a whole address".into()));
    }
    let target = uri.path_and_query().map_or("/", |it| it.as_str()).to_owned();
    let method = request.method().clone();
    let upgrade = wants_upgrade(request.headers()).then(|| hyper::upgrade::on(&mut request));
    let (head, body) = request.into_parts();
    let (json, stream) = match socket::streams(method.as_str(), &target) {
        true => (Default::default(), Some(body)),
        false => (collect(body).await?, None),
    };
    let asked = socket::Request { method: method.as_str(), target: &target, body: &json };
    let mut passage = match socket::judge(&shared.policy, &asked) {
        Verdict::Pass(passage) => *passage,
        Verdict::Refuse(why) => return Err(Stop::Refused(why)),
    };
    look(shared, &mut passage).await?;
    for change in &passage.changed {
        shared.witness.changed(words, change);
    }
    let onward =
        onward(shared, &method, &head.headers, &passage, stream, upgrade.is_some()).await?;
    let answer = shared.upstream.send(onward, passage.way).await?;
    backward(shared, answer, &passage, upgrade).await
}

/// Sees that everything that a request names is the client's own.
async fn look(shared: &Shared, passage: &mut Passage) -> Result<(), Stop> {
    let mut waiting = std::mem::take(&mut passage.looks);
    for _ in 0..LOOKS {
        let Some(look) = waiting.pop() else { return Ok(()) };
        let found = shared.upstream.look(&look).await?;
        match passage.settle(&shared.policy, &look, found.as_ref()) {
            Settled::Fine => (),
            Settled::Also(another) => waiting.push(another),
            Settled::NotHere(why) => return Err(Stop::Wrong(StatusCode::NOT_FOUND, why)),
            Settled::NotOurs(why) => return Err(Stop::NotOurs(why)),
            Settled::Refused(why) => return Err(Stop::Refused(why)),
        }
    }
    Err(Stop::Refused(format!("it names more than {LOOKS} things; name fewer")))
}

/// The request that the engine sees: nothing of the client's own but what was understood.
async fn onward(
    shared: &Shared,
    method: &Method,
    headers: &HeaderMap,
    passage: &Passage,
    stream: Option<Incoming>,
    upgrade: bool,
) -> Result<Request<Body>, Stop> {
    let mut builder = Request::builder()
        .method(method)
        .uri(passage.target())
        .header(header::HOST, "docker")
        .header(header::USER_AGENT, "codingworker");
    let mut also = |name: &str| {
        for value in headers.get_all(name) {
            builder.headers_mut().map(|it| it.append(name_of(name), value.clone()));
        }
    };
    if passage.target().contains("/images/create?") {
        also("x-registry-auth");
    }
    let body = match (&passage.body, stream) {
        (socket::Body::Json(value), _) => {
            builder = builder.header(header::CONTENT_TYPE, "application/json");
            full(value.to_string())
        }
        (socket::Body::Context(wanted), Some(stream)) => {
            builder = builder.header(header::CONTENT_TYPE, "application/x-tar");
            if shared.policy.looks_into_builds() {
                let (length, body) = context::checked(shared, wanted, stream).await?;
                builder = builder.header(header::CONTENT_LENGTH, length);
                body
            } else {
                stream.map_err(Into::into).boxed_unsync()
            }
        }
        (socket::Body::Unseen, Some(stream)) => {
            let session: Vec<_> =
                headers.keys().filter(|it| it.as_str().starts_with("x-docker-")).cloned().collect();
            for name in session {
                for value in headers.get_all(&name) {
                    builder = builder.header(&name, value.clone());
                }
            }
            stream.map_err(Into::into).boxed_unsync()
        }
        _ => full(""),
    };
    if passage.way == Way::Hijack && upgrade {
        let tcp = HeaderValue::from_static("tcp");
        let kind = headers.get(header::UPGRADE).cloned().unwrap_or(tcp);
        builder = builder.header(header::CONNECTION, "Upgrade").header(header::UPGRADE, kind);
    }
    builder.body(body).map_err(|error| Stop::Wrong(StatusCode::BAD_REQUEST, error.to_string()))
}

/// The answer that the client sees.
async fn backward(
    shared: &Arc<Shared>,
    mut answer: Response<Incoming>,
    passage: &Passage,
    upgrade: Option<hyper::upgrade::OnUpgrade>,
) -> Result<Response<Body>, Stop> {
    let mut headers = answer::end_to_end(answer.headers());
    if !shared.policy.buildkit && headers.contains_key("builder-version") {
        headers.insert("builder-version", HeaderValue::from_static("1"));
    }
    let status = answer.status();
    let mut response = Response::new(full(""));
    if let (StatusCode::SWITCHING_PROTOCOLS, Some(client)) = (status, upgrade) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        let tcp = HeaderValue::from_static("tcp");
        let kind = answer.headers().get(header::UPGRADE).cloned().unwrap_or(tcp);
        headers.insert(header::UPGRADE, kind);
        let engine = hyper::upgrade::on(&mut answer);
        tokio::spawn(hijack::carry(client, engine, shared.stop.clone()));
    } else if passage.reply == Reply::AboutTheEngine && status.is_success() {
        let body = Limited::new(answer.into_body(), JSON).collect();
        let body = timeout(JSON_LIMIT, body)
            .await
            .map_err(|_| shared.upstream.away("half an answer"))?
            .map_err(|error| shared.upstream.away(&error.to_string()))?;
        let info = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
        *response.body_mut() = full(socket::about_the_engine(&info).to_string());
    } else {
        let shared = shared.clone();
        let body = answer.into_body().map_err(move |error| {
            if let Stop::Away(why) = shared.upstream.away(&error.to_string()) {
                shared.away(&why);
            }
            error.into()
        });
        *response.body_mut() = body.boxed_unsync();
    }
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

async fn collect(body: Incoming) -> Result<hyper::body::Bytes, Stop> {
    let wrong = |why: String| Stop::Wrong(StatusCode::BAD_REQUEST, why);
    let body = timeout(JSON_LIMIT, Limited::new(body, JSON).collect())
        .await
        .map_err(|_| wrong("the body did not come in time".into()))?
        .map_err(|error| wrong(format!("the body could not be read: {error}")))?;
    Ok(body.to_bytes())
}

fn wants_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key(header::UPGRADE)
}

fn name_of(name: &str) -> header::HeaderName {
    header::HeaderName::from_bytes(name.as_bytes()).unwrap_or(header::ACCEPT)
}

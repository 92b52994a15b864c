//! Health, metrics and traces.

use super::Trouble;

/// What is said, why, and what to do about it.
pub(super) const ENTRIES: &[Trouble] = &[
    Trouble {
        id: "http-not-listening",
        says: &["cannot listen at …: …: free it, or set `http.listen` to another"],
        cause: "Another program, most often another worker, has the address that `http.listen` \
                names, or this user may not make the socket there.",
        remedy: "`ss -ltnp` (on a Mac `lsof -iTCP -sTCP:LISTEN`) says who listens. Give this \
                 worker another port or `unix:PATH`, or `http.listen: off`.",
        told: true,
    },
    Trouble {
        id: "traces-not-sent",
        says: &[
            "traces cannot be sent to …: …: look at otel.endpoint and otel.headers",
            "the collector at … did not take a trace: …",
            "the collector at … did not answer within 20 s",
        ],
        cause: "What `otel.endpoint` names does not take traces as OTLP over HTTP: it is stopped, \
                speaks gRPC alone (port 4317), or wants a key.",
        remedy: "See that a collector takes OTLP over HTTP at `otel.endpoint`, which has \
                 usually the port 4318 and never `/v1/traces`, and that `otel.headers` has its key. That trace is \
                 lost; the job is not touched.",
        told: false,
    },
];

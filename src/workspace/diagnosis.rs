//! From git's words to what happened. git has one exit code for everything, so we read.

use super::WorkspaceError;

/// Text from elsewhere, fit to be shown: bounded, no control characters but the newline.
pub(super) fn printable(text: &str) -> String {
    let clean: String = text
        .replace("\r\n", "\n")
        .chars()
        .map(|c| match c {
            '\r' => '\n',
            '\t' => ' ',
            other => other,
        })
        .filter(|&c| c == '\n' || !(c.is_control() || is_invisible(c)))
        .take(4_000)
        .collect();
    clean.trim().to_owned()
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// What the remote's server itself said, without git's `remote: `.
pub(super) fn remote_words(stderr: &str) -> String {
    let lines = stderr.lines().filter_map(|line| line.strip_prefix("remote:").map(str::trim));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

const DENIED: &[&str] = &[
    "Authentication failed",
    "could not read Username",
    "could not read Password",
    "unable to read askpass response",
    "returned error: 401",
    "returned error: 403",
];
const NOT_FOUND: &[&str] =
    &["returned error: 404", "not found", "does not appear to be a git repository"];
const MOVED: &[&str] = &[
    "returned error: 301",
    "returned error: 302",
    "returned error: 303",
    "returned error: 307",
    "returned error: 308",
    "unable to update url base from redirection",
];
const NO_SPACE: &[&str] = &["No space left on device", "Disk quota exceeded"];
const DAMAGED: &[&str] = &[
    "corrupt",
    "bad object",
    "bad tree object",
    "inflate",
    "unable to read",
    "did not send all necessary objects",
    "could not be accessed",
    "invalid index-pack output",
    "not a git repository",
];
const UNAVAILABLE: &[&str] = &[
    "Could not resolve",
    "Couldn't resolve",
    "Failed to connect",
    "Couldn't connect",
    "unable to connect",
    "timed out",
    "Timeout",
    "Operation too slow",
    "transfer closed",
    "Connection reset",
    "Connection refused",
    "Recv failure",
    "Send failure",
    "SSL",
    "TLS",
    "certificate",
    "Empty reply",
    "early EOF",
    "hung up",
    "RPC failed",
    "returned error: 408",
    "returned error: 429",
    "returned error: 5",
    "unexpected disconnect",
    "expected flush",
    "invalid server response",
    "bad line length",
    "Internal Server Error",
    "HTTP/2 stream",
];

/// Says what happened, from what git wrote to its standard error.
///
/// Only git's own lines decide; the remote's may say what they like, and are quoted.
pub(super) fn diagnose(repository: &str, command: &'static str, stderr: &str) -> WorkspaceError {
    let own: Vec<&str> = stderr.lines().filter(|line| !line.starts_with("remote:")).collect();
    let says = |words: &[&str]| own.iter().any(|line| words.iter().any(|word| line.contains(word)));
    let repository = repository.to_owned();
    let message = brief(stderr);
    if says(NO_SPACE) {
        return WorkspaceError::NoSpace(message);
    }
    if says(&["mismatched algorithms", "unsupported hash", "object format"]) {
        return WorkspaceError::Unusable(format!(
            "{repository} stores its objects with SHA-256, which is not supported"
        ));
    }
    if says(&["fsck error"]) {
        return WorkspaceError::Unusable(format!(
            "{repository} holds something that git's own check (`git fsck`) refuses: {message}"
        ));
    }
    if says(DENIED) {
        return WorkspaceError::Denied { repository, message };
    }
    if says(MOVED) {
        return WorkspaceError::Relocated(repository);
    }
    // What is broken here may show as a connection that ends early.
    if says(DAMAGED) {
        return WorkspaceError::Git { command, message };
    }
    // Before "not found": a certificate or a host that is not found is no missing repository.
    if says(UNAVAILABLE) {
        return WorkspaceError::Unavailable { repository, message };
    }
    if matches!(command, "fetch" | "push" | "ls-remote") && says(NOT_FOUND) {
        return WorkspaceError::NotFound(repository);
    }
    WorkspaceError::Git { command, message }
}

/// The telling end of what git said, on a few lines.
fn brief(stderr: &str) -> String {
    let told = |line: &&str| {
        !line.is_empty() && !line.starts_with("hint:") && !line.starts_with("Please make sure")
    };
    let lines: Vec<&str> = stderr.lines().map(str::trim).filter(told).collect();
    let from = lines.len().saturating_sub(8);
    let text = lines[from..].join("; ");
    if text.is_empty() { "it said nothing".to_owned() } else { text.chars().take(1_000).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::Fault;

    #[test]
    fn the_words_of_git_tell_who_is_to_blame() {
        let at = "fatal: unable to access 'https://github.com/o/r.git/': ";
        let cases = [
            (format!("{at}The requested URL returned error: 502"), Fault::Transient, "trouble"),
            (format!("{at}Could not resolve host: github.com"), Fault::Transient, "unreachable"),
            (format!("{at}Operation too slow. Less than 1000 bytes/sec"), Fault::Transient, "slow"),
            (
                "error: RPC failed; curl 56 Recv failure\nfatal: early EOF".into(),
                Fault::Transient,
                "early EOF",
            ),
            ("fatal: the remote end hung up unexpectedly".into(), Fault::Transient, "hung up"),
            ("fatal: write error: No space left on device".into(), Fault::Transient, "make room"),
            (
                format!("{at}The requested URL returned error: 403"),
                Fault::Permanent,
                "github.token",
            ),
            (format!("{at}The requested URL returned error: 301"), Fault::Permanent, "renamed"),
            (
                "fatal: Authentication failed for 'https://x/'".into(),
                Fault::Permanent,
                "github.token",
            ),
            (
                "remote: Repository not found.\nfatal: repository 'https://x/' not found".into(),
                Fault::Permanent,
                "not there",
            ),
            (
                "fatal: mismatched algorithms: client sha1; server sha256".into(),
                Fault::Permanent,
                "SHA-256",
            ),
            (
                "remote: Authentication failed\nfatal: something new".into(),
                Fault::Transient,
                "something new",
            ),
        ];
        for (stderr, fault, word) in cases {
            let error = diagnose("o/r", "fetch", &stderr);
            assert_eq!(error.fault(), fault, "{stderr}");
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn printable_text_holds_no_escape_and_no_end() {
        assert_eq!(printable("a\x1b[31mb\r\nc\u{202e}d\0"), "a[31mb\ncd");
        assert_eq!(printable(&"x".repeat(9_000)).len(), 4_000);
    }
}

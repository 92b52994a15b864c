//! What git asks when it wants a password: `workspace`.

use codingworker::workspace::askpass_tells;
use url::Url;

pub(crate) const WORDS: &[&str] = &[
    "Password for '",
    "Username for '",
    "': ",
    "https://",
    "http://",
    "file:///",
    "x-access-token@",
    "github.com",
    "evil.example",
    "@",
    ":443",
    "%40",
    "\\",
    "\0",
    "\n",
    "/",
    "#",
    "?",
    "localhost",
    "127.0.0.1",
    "[::1]",
];

/// The remote stands in the first line, the question in the rest.
///
/// # Panics
/// Where a law is broken.
pub(crate) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (remote, prompt) = text.split_once('\n').unwrap_or(("https://github.com", &text));
    for remote in [remote, "https://github.com", "https://ghe.example:8443/git", "file:///srv"] {
        let Some(token) = askpass_tells(remote, prompt) else { continue };
        // Read by another parser than ours: where would git send what it asked for?
        let asked = prompt.split_once('\'').and_then(|it| it.1.strip_suffix("': "));
        let asked = asked.expect("an answer to no question");
        let (ours, asked) = (Url::parse(remote), Url::parse(asked));
        let (Ok(ours), Ok(asked)) = (ours, asked) else {
            panic!("an answer to {prompt:?} for {remote:?}, which are no addresses")
        };
        let place =
            |it: &Url| (it.scheme().to_owned(), it.host_str().map(str::to_owned), it.port());
        assert_eq!(place(&ours), place(&asked), "{prompt:?} for {remote:?}");
        assert!(matches!(ours.scheme(), "https" | "http"), "{remote}");
        let loopback = matches!(ours.host_str(), Some("localhost" | "[::1]"))
            || ours.host_str().is_some_and(|it| it.starts_with("127."));
        assert!(ours.scheme() == "https" || loopback, "in the clear to {remote}");
        assert_eq!(token, prompt.starts_with("Password for '"), "{prompt:?}");
    }
}

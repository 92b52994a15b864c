//! The text of a profile: everything is denied, then what `Rules` name is allowed.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::cage::{Network, Rules};

/// Programs, libraries and settings of the system.
const SYSTEM: [&str; 14] = [
    "/Applications/Xcode.app/Contents/Developer",
    "/Library/Developer",
    "/Library/Frameworks",
    "/Library/Java",
    "/System",
    "/bin",
    "/nix/store",
    "/opt/homebrew",
    "/opt/local",
    "/private/etc/ssl",
    "/private/var/db/timezone",
    "/sbin",
    "/usr",
    "/private/var/db/dyld",
];

const SYSTEM_FILES: [&str; 12] = [
    "/",
    "/dev/autofs_nowait",
    "/dev/dtracehelper",
    "/dev/null",
    "/dev/random",
    "/dev/urandom",
    "/dev/zero",
    "/etc",
    "/private/etc/localtime",
    "/private/var/select/sh",
    "/tmp",
    "/var",
];

/// What must not be read although it is below something that may: Homebrew keeps its services'
/// settings beside its programs.
const HIDDEN: [&str; 2] = ["/opt/homebrew/etc", "/opt/homebrew/var"];

/// Files that hold tokens, in whatever folder of tools they are.
const SECRETS: &str = r#"(deny file-read* (regex #"/\.?(credentials(\.toml|\.json)?|netrc|npmrc|pypirc|git-credentials)$"))"#;

/// What the system's own libraries ask for. Deliberately absent: the keychain
/// (`com.apple.SecurityServer`), the pasteboard, LaunchServices and launchd, Apple events.
const SERVICES: [&str; 7] = [
    "com.apple.cfprefsd.agent",
    "com.apple.cfprefsd.daemon",
    "com.apple.logd",
    "com.apple.system.logger",
    "com.apple.system.notification_center",
    "com.apple.system.opendirectoryd.libinfo",
    "com.apple.trustd.agent",
];

/// The profile for `rules`; links in their paths are resolved, for the kernel compares what is
/// behind them.
///
/// # Errors
/// When a path cannot be written down, or what has to be there is not.
pub(super) fn of(rules: &Rules) -> Result<String, String> {
    let there = |path: &PathBuf| {
        path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))
    };
    let writable = rules.writable.iter().map(there).collect::<Result<Vec<_>, _>>()?;
    let sockets = rules.sockets.iter().map(there).collect::<Result<Vec<_>, _>>()?;
    let readable: Vec<_> = rules.readable.iter().filter_map(|it| it.canonicalize().ok()).collect();
    text(&writable, &readable, &sockets, rules.network)
}

fn text(
    writable: &[PathBuf],
    readable: &[PathBuf],
    sockets: &[PathBuf],
    network: Network,
) -> Result<String, String> {
    let mut text = String::from(
        "(version 1)\n\
         (deny default)\n\
         (allow process-exec* process-fork)\n\
         (allow process-info* (target self))\n\
         (allow signal (target same-sandbox))\n\
         (allow sysctl-read)\n\
         (allow file-read-metadata)\n\
         (allow ipc-posix-sem)\n\
         (allow pseudo-tty)\n\
         (allow file-read* file-write* file-ioctl (regex #\"^/dev/(ptmx|ttys[0-9]+)$\"))\n\
         (allow file-write-data file-ioctl (literal \"/dev/null\") (literal \"/dev/zero\") \
         (literal \"/dev/dtracehelper\"))\n",
    );
    for service in SERVICES {
        line(&mut text, &format!("(allow mach-lookup (global-name {}))", quoted(service)?));
    }
    for path in SYSTEM {
        line(&mut text, &format!("(allow file-read* (subpath {}))", quoted(path)?));
    }
    for path in SYSTEM_FILES {
        line(&mut text, &format!("(allow file-read* (literal {}))", quoted(path)?));
    }
    for path in HIDDEN {
        line(&mut text, &format!("(deny file-read* (subpath {}))", quoted(path)?));
    }
    for path in readable.iter().filter(|it| !is_too_much(it)) {
        line(&mut text, &format!("(allow file-read* (subpath {}))", path_quoted(path)?));
    }
    line(&mut text, SECRETS);
    for path in writable {
        let path = path_quoted(path)?;
        line(&mut text, &format!("(allow file-read* file-write* (subpath {path}))"));
    }
    // Not programs with another owner's rights: `sudo`, `su`, `at`.
    line(&mut text, "(deny file-write-setugid)");
    for socket in sockets {
        let path = path_quoted(socket)?;
        line(&mut text, &format!("(allow file-read* file-write-data (literal {path}))"));
        line(&mut text, &format!("(allow network-outbound (remote unix-socket (literal {path})))"));
    }
    // A test's own servers, on Unix sockets in its own folders.
    for path in writable {
        let path = path_quoted(path)?;
        line(&mut text, &format!("(allow network* (local unix-socket (subpath {path})))"));
        line(&mut text, &format!("(allow network-outbound (remote unix-socket (subpath {path})))"));
    }
    match network {
        Network::None => {}
        Network::Port(port) => {
            line(&mut text, &format!("(allow network-outbound (remote ip \"localhost:{port}\"))"))
        }
        Network::Open => {
            line(&mut text, "(allow network-outbound (remote ip))");
            line(&mut text, "(allow network-bind network-inbound (local ip))");
            line(&mut text, "(allow system-socket)");
            let resolver = "/private/var/run/mDNSResponder";
            line(&mut text, &format!("(allow network-outbound (literal {}))", quoted(resolver)?));
            let names =
                ["/private/etc/hosts", "/private/etc/resolv.conf", "/private/var/run/resolv.conf"];
            for path in names {
                line(&mut text, &format!("(allow file-read* (literal {}))", quoted(path)?));
            }
        }
    }
    Ok(text)
}

fn line(text: &mut String, line: &str) {
    let _ = writeln!(text, "{line}");
}

/// Whether a path holds more than tools: everything, or somebody's home.
fn is_too_much(path: &Path) -> bool {
    let parent = path.parent();
    let whole = ["/Users", "/Volumes", "/private", "/private/etc", "/private/var", "/var/root"];
    parent.is_none()
        || parent == Some(Path::new("/Users"))
        || whole.iter().any(|it| path == Path::new(it))
}

fn path_quoted(path: &Path) -> Result<String, String> {
    let text = path.to_str().ok_or_else(|| {
        format!("{} is not UTF-8, and cannot be named in a sandbox profile", path.display())
    })?;
    quoted(text)
}

/// A string of the profile language.
fn quoted(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err(format!("{text:?} has a control character, and cannot be named in a profile"));
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(network: Network) -> String {
        let path = |it: &str| vec![PathBuf::from(it)];
        let (tree, tools) = (path("/Users/me/jobs/7/tree"), path("/Users/me/.cargo/bin"));
        text(&tree, &tools, &path("/Users/me/state/model.sock"), network).unwrap()
    }

    #[test]
    fn everything_is_denied_first() {
        let text = profile(Network::None);
        assert!(text.starts_with("(version 1)\n(deny default)\n"), "{text}");
        assert_eq!(text.matches('(').count(), text.matches(')').count(), "{text}");
        assert!(!text.contains("(allow default)"));
    }

    #[test]
    fn only_its_own_folders_are_written() {
        let text = profile(Network::Open);
        let written: Vec<_> = text
            .lines()
            .filter(|it| it.contains("file-write*") && it.contains("subpath"))
            .collect();
        let tree = r#"(allow file-read* file-write* (subpath "/Users/me/jobs/7/tree"))"#;
        assert_eq!(written, [tree]);
        assert!(text.contains(r#"(allow file-read* (subpath "/Users/me/.cargo/bin"))"#));
    }

    #[test]
    fn tokens_beside_tools_are_denied_after_the_tools_are_allowed() {
        let text = profile(Network::None);
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part} in {text}"));
        assert!(at(".cargo/bin") < at("credentials"));
        // But the job's own files may have any name.
        assert!(at("credentials") < at("jobs/7/tree"));
    }

    #[test]
    fn the_network_is_what_was_asked_for_and_no_more() {
        let ip = |text: &str| {
            let lines = text.lines().filter(|it| it.contains("remote ip"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(ip(&profile(Network::None)), [""; 0]);
        assert_eq!(
            ip(&profile(Network::Port(11434))),
            [r#"(allow network-outbound (remote ip "localhost:11434"))"#]
        );
        assert!(profile(Network::Open).contains("(allow network-outbound (remote ip))"));
        let socket = r#"(remote unix-socket (literal "/Users/me/state/model.sock"))"#;
        assert!(profile(Network::None).contains(socket));
    }

    #[test]
    fn the_keychain_and_launchd_cannot_be_asked() {
        let text = profile(Network::Open);
        for service in ["SecurityServer", "launchd", "coreservices", "pasteboard", "(mach-lookup)"]
        {
            assert!(!text.contains(service), "{service}");
        }
        assert!(text.contains("(allow signal (target same-sandbox))"));
    }

    #[test]
    fn a_path_cannot_end_its_string() {
        let path = PathBuf::from("/x\") (allow default) (\"\\");
        let text = text(&[path], &[], &[], Network::None).unwrap();
        assert!(text.contains(r#"(subpath "/x\") (allow default) (\"\\")"#), "{text}");
        let broken = [PathBuf::from("/a\nb")];
        let error = super::text(&broken, &[], &[], Network::None).unwrap_err();
        assert!(error.contains("control character"), "{error}");
    }

    #[test]
    fn a_whole_home_is_not_a_folder_of_tools() {
        let homes = ["/", "/Users", "/Users/me", "/private/var"].map(PathBuf::from);
        let text = text(&[], &homes, &[], Network::None).unwrap();
        assert!(!text.contains("(subpath \"/Users"), "{text}");
        assert!(!text.contains("(subpath \"/\")") && !text.contains("(subpath \"/private/var\")"));
    }
}

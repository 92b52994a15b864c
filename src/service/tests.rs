//! What both kinds of files have in common.

use super::*;

pub(super) fn definition(scope: Scope) -> Definition {
    let user = scope == Scope::User;
    Definition {
        program: "/usr/bin/codingworker".into(),
        config: if user {
            "/home/ann/.config/codingworker/config.yaml"
        } else {
            "/etc/codingworker/config.yaml"
        }
        .into(),
        version: "1.2.3".to_owned(),
        scope,
        account: (!user).then(|| "codingworker".to_owned()),
        writable: if user { Vec::new() } else { vec!["/srv/work".into()] },
        reads_homes: false,
        environment: vec![("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())],
        credentials: Vec::new(),
        allow_ptrace: false,
        log: "/Users/ann/Library/Logs/codingworker/codingworker.log".into(),
    }
}

/// Paths that a careless writer would get wrong.
pub(super) const HOSTILE: [&str; 8] = [
    "/srv/with space/x",
    "/srv/100%h/x",
    "/srv/$HOME/${x}",
    "/srv/a\"b'c/x",
    "/srv/back\\slash\\",
    "/srv/a&b<c>/--><x",
    "/srv/;semi #hash",
    "/srv/日本語/x",
];

#[test]
fn a_file_of_ours_is_known_by_its_mark_whatever_the_paths_are() {
    for path in HOSTILE {
        let it = Definition {
            program: path.into(),
            config: path.into(),
            log: path.into(),
            ..definition(Scope::User)
        };
        // What systemd takes as a program is in `systemd::tests`.
        let unit = Definition { program: "/usr/bin/x".into(), ..it.clone() };
        let read = installed(&systemd::unit(&unit).unwrap()).unwrap();
        assert_eq!((read.config, read.log), (path.into(), None));
        let plist = launchd::plist(&it).unwrap();
        assert_eq!(installed(&plist).unwrap().log, Some(path.into()), "{plist}");
        let comment = plist.lines().find(|it| it.contains(MARK)).unwrap();
        let inside = comment.trim_start_matches("<!--").trim_end_matches("-->");
        assert!(!inside.contains("--") && !inside.contains('>'), "{comment}");
    }
    assert_eq!(installed("[Unit]\nDescription=x\n"), None);
}

#[test]
fn what_would_end_a_line_is_refused() {
    for path in ["/srv/a\nExecStartPre=/bin/evil", "/srv/a\rb", "/srv/\u{1b}x"] {
        let it = Definition { config: path.into(), ..definition(Scope::System) };
        assert!(matches!(systemd::unit(&it), Err(ServiceError::Unwritable { .. })), "{path:?}");
        assert!(matches!(launchd::plist(&it), Err(ServiceError::Unwritable { .. })), "{path:?}");
        let environment = vec![("LANG".to_owned(), path.to_owned())];
        let it = Definition { environment, ..definition(Scope::System) };
        assert!(systemd::unit(&it).is_err() && launchd::plist(&it).is_err(), "{path:?}");
    }
}

#[test]
fn a_file_is_written_whole_and_may_be_read_by_everybody() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("made/too/x.service");
    write(&path, "one").unwrap();
    write(&path, "two").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o044, 0o044);
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

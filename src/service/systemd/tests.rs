//! The unit's text, and how `systemctl show` is read. What systemd makes of the unit itself is in
//! `tests/it/service.rs`.

use super::*;
use crate::service::tests::{HOSTILE, definition};

#[test]
fn the_unit_of_the_machine() {
    let mut it = definition(Scope::System);
    it.credentials = vec![
        ("github-token".to_owned(), "/etc/codingworker/credentials/github-token".into()),
        ("aws".to_owned(), "/etc/codingworker/credentials/aws".into()),
    ];
    insta::assert_snapshot!(unit(&it).unwrap());
}

#[test]
fn the_unit_of_a_user() {
    insta::assert_snapshot!(unit(&definition(Scope::User)).unwrap());
}

#[test]
fn what_jobs_may_trace_and_what_the_worker_reads_is_the_operators_choice() {
    let it = Definition { allow_ptrace: true, reads_homes: true, ..definition(Scope::System) };
    let text = unit(&it).unwrap();
    assert!(text.contains("\nSystemCallFilter=ptrace\n"));
    assert!(text.contains("\nProtectHome=read-only\n") && !text.contains("ProtectHome=yes"));
}

/// As systemd reads a word: quotes, backslashes, specifiers, and in arguments variables.
fn read_back(word: &str, is_argument: bool) -> String {
    let inner = word.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(word);
    let quoted = inner.len() != word.len();
    let mut out = String::new();
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => out.push(rest.next().unwrap()),
            '"' | '\'' | ' ' | ';' if !quoted => panic!("{word} is not one word"),
            c => out.push(c),
        }
    }
    let out = out.replace("%%", "\u{0}");
    assert!(!out.contains('%'), "{word} has a specifier");
    let out = out.replace('\u{0}', "%");
    if !is_argument {
        return out;
    }
    let out = out.replace("$$", "\u{0}");
    assert!(!out.contains('$'), "{word} has a variable");
    out.replace('\u{0}', "$")
}

#[test]
fn every_hostile_path_is_read_back_as_it_is() {
    for path in HOSTILE {
        assert_eq!(read_back(&quoted(path), false), path);
        assert_eq!(read_back(&argument(path), true), path);
    }
}

#[test]
fn a_program_that_systemd_would_not_take_is_refused_before_it_is_asked() {
    for path in ["/srv/a\"b/x", "/srv/a'b/x", "/srv/a\\b/x"] {
        let it = Definition { program: path.into(), ..definition(Scope::User) };
        assert!(matches!(unit(&it), Err(ServiceError::Unwritable { .. })), "{path}");
    }
}

#[test]
fn a_credential_whose_path_would_be_read_otherwise_is_refused() {
    assert_eq!(unquoted("/etc/100%/a b").unwrap(), "/etc/100%%/a b");
    for path in ["/etc/x\\", "/etc/x "] {
        assert!(unquoted(path).is_err(), "{path}");
    }
}

#[test]
fn what_systemctl_shows_is_read() {
    let running = status(
        "ActiveState=active\nSubState=running\nResult=success\nExecMainStatus=0\nMainPID=42\n\
         NRestarts=2\nStateChangeTimestamp=Sat 2026-11-21 14:33:09 UTC\nUnitFileState=enabled\n\
         StatusText=2 of 4 jobs\n",
    );
    assert_eq!(
        running,
        Status {
            state: State::Running,
            detail: "active (running): 2 of 4 jobs".to_owned(),
            since: Some("Sat 2026-11-21 14:33:09 UTC".to_owned()),
            pid: Some(42),
            restarts: Some(2),
            last_exit: None,
            enabled: true,
        }
    );
    let failed = status(
        "ActiveState=failed\nSubState=failed\nResult=exit-code\nExecMainStatus=2\nMainPID=0\n\
         NRestarts=0\nStateChangeTimestamp=\nUnitFileState=disabled\n",
    );
    assert_eq!((failed.state, failed.pid, failed.enabled), (State::Failed, None, false));
    assert_eq!(failed.last_exit.as_deref(), Some("exit-code, 2"));
    let again = status("ActiveState=activating\nSubState=auto-restart\nResult=watchdog\n");
    assert_eq!((again.state, again.last_exit.as_deref()), (State::Starting, Some("watchdog")));
    assert_eq!(status("ActiveState=inactive\nSubState=dead\n").state, State::Stopped);
}

//! The property list's text, and how `launchctl print` is read. What a parser of property lists
//! makes of it is in `tests/it/service.rs`.

use super::*;
use crate::service::Scope;
use crate::service::tests::definition;

#[test]
fn the_property_list() {
    insta::assert_snapshot!(plist(&definition(Scope::User)).unwrap());
}

#[test]
fn what_launchctl_prints_is_read() {
    let shown = "gui/501/io.github.codingworker = {\n\tactive count = 1\n\tstate = running\n\n\t\
                 runs = 3\n\tpid = 42\n\tlast exit code = 1\n\n\tendpoints = {\n\t\tpid = 7\n\t}\n}\n";
    let running = status(Some(shown));
    assert_eq!((running.state, running.pid), (State::Running, Some(42)));
    assert_eq!((running.restarts, running.last_exit), (Some(2), None));
    let failed = status(Some("x = {\n\tstate = spawn scheduled\n\tlast exit code = 2\n}\n"));
    assert_eq!((failed.state, failed.last_exit.as_deref()), (State::Failed, Some("2")));
    let waits = status(Some("x = {\n\tstate = waiting\n\tlast exit code = (never exited)\n}\n"));
    assert_eq!((waits.state, waits.last_exit), (State::Stopped, None));
    assert_eq!(status(None).state, State::Stopped);
}

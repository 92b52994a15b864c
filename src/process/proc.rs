//! What the system tells about running processes: `/proc` on Linux, `ps` on macOS.

use std::fs;

/// The most bytes of a foreign environment that are looked at.
const MOST: u64 = 4 << 20;

/// A process, as `/proc/PID/stat` tells.
pub(super) struct Stat {
    pub(super) zombie: bool,
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
}

/// Reads one process; `None` when it is gone, or where there is no `/proc`.
pub(super) fn stat(pid: i32) -> Option<Stat> {
    parse_stat(&fs::read(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(line: &[u8]) -> Option<Stat> {
    // The program's name stands in parentheses, and may itself hold some.
    let after_name = line.iter().rposition(|byte| *byte == b')')? + 1;
    let text = std::str::from_utf8(&line[after_name..]).ok()?;
    let mut fields = text.split_ascii_whitespace();
    let state = fields.next()?;
    let mut number = || fields.next()?.parse().ok();
    let (parent, group, session) = (number()?, number()?, number()?);
    Some(Stat { zombie: matches!(state, "Z" | "X"), parent, group, session })
}

/// Our own session.
pub(super) fn our_session() -> i32 {
    nix::unistd::getsid(None).map_or(0, nix::unistd::Pid::as_raw)
}

/// The processes whose parent we are; empty where there is no `/proc`.
pub(super) fn our_children() -> Vec<i32> {
    let us = std::process::id();
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    let mut children = Vec::new();
    for thread in threads.flatten() {
        match fs::read_to_string(thread.path().join("children")) {
            Ok(list) => children.extend(list.split_ascii_whitespace().flat_map(str::parse::<i32>)),
            // A thread that ended meanwhile has none. A kernel without this file: the long way.
            Err(_) if thread.path().exists() => {
                let ours =
                    |pid: &i32| stat(*pid).is_some_and(|it| u32::try_from(it.parent) == Ok(us));
                return all().into_iter().filter(ours).collect();
            }
            Err(_) => {}
        }
    }
    children
}

/// All processes.
fn all() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|it| it.file_name().to_str()?.parse().ok()).collect()
}

/// The value of our marker in the environment that a process started with.
pub(super) fn marker(pid: i32) -> Option<String> {
    use std::io::Read;

    let mut environ = Vec::new();
    fs::File::open(format!("/proc/{pid}/environ"))
        .ok()?
        .take(MOST)
        .read_to_end(&mut environ)
        .ok()?;
    let name = format!("{}=", super::family::MARKER);
    let value = environ.split(|byte| *byte == 0).find_map(|it| it.strip_prefix(name.as_bytes()))?;
    String::from_utf8(value.to_vec()).ok()
}

/// The living processes whose marker starts with `prefix`, each with its group.
pub(super) async fn marked(prefix: &str) -> Vec<(i32, i32)> {
    if cfg!(target_os = "linux") {
        let prefix = prefix.to_owned();
        let scan = tokio::task::spawn_blocking(move || {
            let marked = |pid: &i32| marker(*pid).is_some_and(|it| it.starts_with(&prefix));
            let living = |pid| stat(pid).filter(|it| !it.zombie).map(|it| (pid, it.group));
            all().into_iter().filter(marked).filter_map(living).collect()
        });
        return scan.await.unwrap_or_default();
    }
    // macOS: `-E` shows the environment of this user's processes.
    let mut spec = super::Spec::new("/bin/ps", "/", std::time::Duration::from_secs(10));
    spec.args = ["-Eww", "-axo", "pid=,pgid=,command="].map(Into::into).to_vec();
    spec.keep = 16 << 20;
    match Box::pin(super::run(spec, None, &tokio_util::sync::CancellationToken::new())).await {
        Ok(ended) => listed(&ended.stdout.to_text(), prefix),
        Err(_) => Vec::new(),
    }
}

/// Reads `ps`'s list of pid, group and command with environment.
fn listed(list: &str, prefix: &str) -> Vec<(i32, i32)> {
    let wanted = format!("{}={prefix}", super::family::MARKER);
    let read = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let (pid, group) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        fields.any(|field| field.starts_with(&wanted)).then_some((pid, group))
    };
    list.lines().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_have_parentheses_and_spaces_in_its_name() {
        let stat = parse_stat(b"42 (a) b) (c) S 7 8 9 0 -1 4194304").unwrap();
        assert_eq!((stat.zombie, stat.parent, stat.group, stat.session), (false, 7, 8, 9));
        assert!(parse_stat(b"43 (x) Z 7 8 9 0").unwrap().zombie);
        assert!(parse_stat(b"nothing").is_none());
    }

    #[test]
    fn marked_processes_are_found_in_the_list_that_ps_prints() {
        let list = "  10   10 /bin/sleep 5 HOME=/ CODINGWORKER_CHILD=job-1.ab.0\n\
                    11 10 sh CODINGWORKER_CHILD=job-10.ab.0\nbad line\n12 12 vi\n";
        assert_eq!(listed(list, "job-1."), [(10, 10)]);
    }
}

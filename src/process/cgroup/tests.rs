//! The groups of the machine that the tests run on.

use tokio_util::sync::CancellationToken;

use super::*;
use crate::process::Spec;

const CAPS: Caps = Caps { memory: 256 << 20, processes: 64, cpus: 1.0 };

fn in_group(group: &Cgroup, line: &str) -> Spec {
    let mut words = group.launch(["/bin/sh", "-c", line].map(OsString::from).to_vec()).into_iter();
    let mut spec = Spec::new(words.next().unwrap(), "/", Duration::from_secs(60));
    spec.args = words.collect();
    spec.env = vec![("PATH".into(), "/usr/bin:/bin".into())];
    spec
}

async fn group(mark: Option<&str>) -> Option<Cgroup> {
    let group = Cgroup::make(mark, &CAPS).await;
    let root = nix::unistd::geteuid().is_root();
    let writable = nix::unistd::access("/sys/fs/cgroup", nix::unistd::AccessFlags::W_OK).is_ok();
    assert!(group.is_some() || !root || !writable, "root has no control groups here");
    group
}

#[tokio::test]
async fn what_clears_its_environment_and_opens_a_session_ends_with_its_group() {
    let Some(group) = group(None).await else { return };
    let folders = group.folders.clone();
    let stop = CancellationToken::new();
    let folder = tempfile::tempdir().unwrap();
    let line = "mkfifo ready; setsid env -i /bin/sh -c 'echo > ready; exec /bin/sleep 600' \
        >/dev/null 2>&1 & echo $!; read x < ready";
    // Another child lives meanwhile, so the walk over orphans must leave this one alone.
    let other = crate::process::run(in_group(&group, "sleep 600"), None, &stop);
    let run = async {
        let never = CancellationToken::new();
        let spec = Spec { cwd: folder.path().to_owned(), ..in_group(&group, line) };
        let ended = crate::process::run(spec, None, &never).await.unwrap();
        let pid: i32 = ended.stdout.to_text().trim().parse().unwrap();
        assert!(members(&folders[0]).contains(&pid), "the control: it outlives its parent");
        stop.cancel();
        pid
    };
    let (_, pid) = tokio::join!(other, run);
    group.end().await;
    assert!(kill(Pid::from_raw(pid), None).is_err(), "{pid} is still there");
    folders.iter().for_each(|folder| assert!(!folder.exists(), "{}", folder.display()));
}

#[tokio::test]
async fn a_dropped_group_ends_too() {
    let Some(group) = group(None).await else { return };
    let folders = group.folders.clone();
    let line = "setsid sleep 600 >/dev/null 2>&1 &";
    crate::process::run(in_group(&group, line), None, &CancellationToken::new()).await.unwrap();
    drop(group);
    let until = Instant::now() + Duration::from_secs(20);
    while folders.iter().any(|folder| folder.exists()) {
        assert!(Instant::now() < until, "the group is still there");
        sleep(LOOK_AGAIN).await;
    }
}

#[tokio::test]
async fn groups_that_a_killed_worker_left_are_found_by_its_mark() {
    let mark = format!("group-{}", std::process::id());
    let Some(left) = group(Some(&mark)).await else { return };
    let other = group(Some(&format!("{mark}1"))).await.unwrap();
    let folders = left.folders.clone();
    let mut left = left;
    left.ended = true; // its worker is no more
    drop(left);
    assert!(folders.iter().all(|folder| folder.exists()));
    crate::process::end_marked(&mark).await;
    assert!(!folders.iter().any(|folder| folder.exists()));
    assert!(other.folders.iter().all(|folder| folder.exists()), "its mark only begins alike");
    other.end().await;
}

//! What a cage keeps from its children. Each attack is first shown to work without a cage.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

#[tokio::test]
async fn nothing_else_is_written() {
    let (caged, bare) = Site::caged().await;
    for site in caged {
        let other = tempfile::tempdir().unwrap();
        let target = other.path().join("written");
        let line = format!("echo x > {}", target.display());
        site.run(&line).await;
        assert!(!exists(&target));
        for place in
            ["/usr", "/etc", "/opt", "/", "/run", "/var", "/dev", "/home", "/bin", "/proc/sys"]
        {
            let line = format!("echo x > {place}/codingworker-test && echo WRITTEN");
            let said = site.said(&line).await;
            assert!(!said.contains("WRITTEN"), "{place}: {said}");
            assert!(!exists(&Path::new(place).join("codingworker-test")));
        }
        bare.run(&line).await;
        assert!(exists(&target), "the control must write it");
    }
}

#[tokio::test]
async fn nothing_else_is_read() {
    let (caged, bare) = Site::caged().await;
    let secret = tempfile::tempdir().unwrap();
    std::fs::write(secret.path().join("key"), "hush").unwrap();
    let us = std::process::id();
    for site in caged {
        let neighbour = Site::of(site.cage.clone());
        std::fs::write(neighbour.path("theirs"), "hush").unwrap();
        let ours = [
            format!("cat {}/key", secret.path().display()),
            format!("cat {}", neighbour.path("theirs").display()),
            format!("tr -d '\\0' < /proc/{us}/cmdline | grep -q . && echo hush"),
            format!("ls -l /proc/{us}/exe && echo hush"),
        ];
        let systems = [
            "test -e /var/log && echo hush".to_owned(),
            "test -d /etc/init.d && echo hush || test -e /etc/machine-id && echo hush".to_owned(),
            "grep -q '^root:' /etc/passwd && echo hush".to_owned(),
            "test -e /sys/kernel && echo hush".to_owned(),
        ];
        // A container has another system, which holds nothing of anybody's.
        let is_ours = site.cage.level() == Isolation::Sandbox;
        for line in ours.into_iter().chain(systems.into_iter().filter(|_| is_ours)) {
            assert!(bare.said(&line).await.contains("hush"), "the control must see it: {line}");
            let said = site.said(&line).await;
            assert!(!said.contains("hush"), "{line}: {said}");
        }
        let gone = "for it in /root/.ssh /home/* /var/run/docker.sock /run/docker.sock /run/dbus \
            /run/user /etc/gitconfig /etc/ssh /etc/sudoers; do test -e $it && echo $it; done; true";
        assert_eq!(site.said(gone).await, "");
        let gone = "for it in /etc/shadow /root/.bashrc /etc/ssl/private; do cat $it && echo $it; \
            ls $it/* && echo $it; done 2>/dev/null; true";
        assert_eq!(site.said(gone).await, "");
    }
}

#[tokio::test]
async fn the_child_is_nobody_and_stays_it() {
    let (caged, _) = Site::caged().await;
    for site in caged {
        let status = site.said("id -u; id -g; grep -E '^(Cap|NoNewPrivs)' /proc/self/status").await;
        let mut lines = status.lines();
        assert_eq!((lines.next(), lines.next()), (Some("65532"), Some("65532")), "{status}");
        for line in lines {
            let (name, value) = line.split_once(':').unwrap();
            let wanted = if name == "NoNewPrivs" { "1" } else { "0000000000000000" };
            assert!(value.trim() == wanted || name == "CapBnd", "{status}");
        }
        let tries = "sudo -n true || su -c true </dev/null || mount -t tmpfs x /tmp || chroot / true || \
            mknod x b 8 0 || echo 1 > /proc/sys/kernel/panic || chown 0 . || \
            nsenter -t 1 -m true || dmesg -c";
        let ended = site.run(tries).await;
        assert_ne!(ended.exit, Exit::Code(0), "{ended:?}");
        assert!(!matches!(ended.exit, Exit::Signal(_)), "{ended:?}");
    }
}

#[tokio::test]
async fn tools_of_somebodys_home_work_and_the_tokens_beside_them_stay_hidden() {
    let home = tempfile::tempdir().unwrap();
    let open = || std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(home.path(), open()).unwrap();
    let make = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, open()).unwrap();
    };
    let venv = ".local/share/pipx/venvs/tool";
    make(&format!("{venv}/bin/tool"), "#!/bin/sh\ncat ${0%/bin/*}/share/pipx/venvs/tool/lib/word");
    make(&format!("{venv}/lib/word"), "works\n");
    make(".ssh/key", "hush");
    make(".cargo/credentials.toml", "hush");
    make(".cargo/bin/other", "#!/bin/sh\necho too");
    make(".npmrc", "hush");
    let link = home.path().join(".local/bin/tool");
    std::fs::create_dir(link.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("../share/pipx/venvs/tool/bin/tool", link).unwrap();
    let at = |name: &str| home.path().join(name);
    let line = format!(
        "cd {}; .local/bin/tool; .cargo/bin/other; cat .cargo/credentials.toml .npmrc .ssh/key",
        home.path().display()
    );
    let (caged, bare) = Site::caged().await;
    assert_eq!(bare.said(&line).await, "works\ntoo\nhushhushhush", "the control reads all");
    for site in caged {
        let whole = ["/", "/home", "/tmp", "/etc"].map(PathBuf::from);
        let readable = [at(".local/bin"), at(".cargo")].into_iter().chain(whole).collect();
        let ended = site.run_by(&line, &Rules { readable, ..site.rules() }).await;
        assert_eq!(ended.stdout.to_text(), "works\ntoo\n", "{}", ended.stderr.to_text());
    }
}

#[tokio::test]
async fn it_has_a_name_and_the_systems_settings() {
    let (caged, _) = Site::caged().await;
    for site in caged {
        let line = "hostname; getent hosts localhost | grep -c localhost; \
            test -r /etc/ssl/certs && test -r /etc/ld.so.cache && echo settings";
        assert_eq!(site.said(line).await, "codingworker\n1\nsettings\n");
        // An image says itself who there is.
        if site.cage.level() == Isolation::Sandbox {
            let people = "id -un; id -gn; wc -l < /etc/passwd";
            assert_eq!(site.said(people).await, "codingworker\ncodingworker\n1\n");
        }
    }
}

#[tokio::test]
async fn only_its_own_processes_are_seen() {
    let (caged, bare) = Site::caged().await;
    let count = "ls /proc | grep -c '^[0-9]'";
    let all: usize = bare.said(count).await.trim().parse().unwrap();
    assert!(all > 10, "the control sees {all} processes");
    for site in caged {
        let own: usize = site.said(count).await.trim().parse().unwrap();
        assert!(own < 8, "{own}");
    }
}

const CONNECT: &str = "python3 -c 'import socket,sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
print(s.recv(5).decode())' ";

#[tokio::test]
async fn nothing_is_reached_by_the_network() {
    let (caged, bare) = Site::caged().await;
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = async {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"hello").await;
        }
    };
    let clients = async {
        let addresses = bare.said("echo 127.0.0.1; hostname -I").await;
        let addresses: Vec<_> =
            addresses.split_whitespace().filter(|it| !it.contains(':')).collect();
        assert!(addresses.len() > 1, "this machine has an address beside its loopback");
        for address in addresses {
            let line = format!("{CONNECT} {address} {port}");
            assert_eq!(bare.said(&line).await, "hello\n", "the control must reach {address}");
            for site in &caged {
                for network in [Network::None, Network::Port(port)] {
                    if network != Network::None && !site.cage.has_own_loopback() {
                        continue;
                    }
                    let rules = Rules { network, ..site.rules() };
                    let ended = site.run_by(&line, &rules).await;
                    assert_eq!(ended.stdout.to_text(), "", "{address}");
                    assert_ne!(ended.exit, Exit::Code(0));
                }
                // A container has a loopback of its own even so, and the way out.
                let is_container = site.cage.level() == Isolation::Container;
                if is_container != (address == "127.0.0.1") {
                    let rules = Rules { network: Network::Open, ..site.rules() };
                    let ended = site.run_by(&line, &rules).await;
                    assert_eq!(ended.stdout.to_text(), "hello\n", "{}", ended.stderr.to_text());
                }
            }
        }
    };
    tokio::select! {
        () = server => {}
        () = clients => {}
    }
}

#[tokio::test]
async fn a_loopback_of_its_own_works_inside() {
    let line = "python3 -c 'import socket
s = socket.socket(); s.bind((\"127.0.0.1\", 0)); s.listen()
c = socket.create_connection(s.getsockname()); print(\"ok\")'";
    for site in Site::each().await {
        assert_eq!(site.said(line).await, "ok\n");
    }
}

#[tokio::test]
async fn a_socket_that_is_named_is_reached_and_another_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().canonicalize().unwrap().join("model.sock");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let line = format!(
        "python3 -c 'import socket
s = socket.socket(socket.AF_UNIX); s.connect(\"{}\"); s.send(b\"hi\"); print(s.recv(5).decode())'",
        socket.display()
    );
    let server = async {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 2];
            let _ = stream.read_exact(&mut asked).await;
            let _ = stream.write_all(b"hello").await;
        }
    };
    let clients = async {
        for site in Site::each().await {
            let rules = Rules { sockets: vec![socket.clone()], ..site.rules() };
            let ended = site.run_by(&line, &rules).await;
            assert_eq!(ended.stdout.to_text(), "hello\n", "{}", ended.stderr.to_text());
            if site.cage.level() != Isolation::Native {
                assert_eq!(site.run(&line).await.stdout.to_text(), "");
            }
        }
    };
    tokio::select! {
        () = server => {}
        () = clients => {}
    }
}

#[tokio::test]
async fn a_hog_ends_and_its_neighbours_live() {
    for site in Site::each().await {
        let rules =
            |memory| Rules { limits: Limits { memory, ..site.rules().limits }, ..site.rules() };
        let hog = |mib: u32| {
            format!(
                "python3 -c 'x = bytearray({mib} << 20); x[::4096] = b\"x\" * len(x[::4096]); \
                 open(\"done\", \"a\").write(\"x\"); import time; time.sleep(2)' & "
            )
        };
        let then = "wait; cat done; rm -f done; echo .";
        let one = hog(300) + then;
        let ended = site.run_by(&one, &rules(1 << 30)).await;
        assert_eq!(ended.stdout.to_text(), "x.\n", "the control: {ended:?}");
        assert_eq!(site.run_by(&one, &rules(200 << 20)).await.stdout.to_text(), ".\n");
        if is_root() {
            // There are control groups: the limit is for all of them together.
            let four = hog(100).repeat(4) + then;
            let ended = site.run_by(&four, &rules(1 << 30)).await;
            assert_eq!(ended.stdout.to_text(), "xxxx.\n", "the control: {ended:?}");
            let ended = site.run_by(&four, &rules(200 << 20)).await;
            assert!(ended.stdout.to_text().len() < 6, "{ended:?}");
        }
    }
}

#[tokio::test]
async fn a_fork_bomb_burns_out() {
    for site in Site::each().await {
        let line = "n=0; for i in $(seq 100); do sleep 60605.{pid} & n=$((n + 1)); done; echo $n";
        let ended = site.run_by(line, &site.rules()).await;
        assert_eq!(ended.stdout.to_text().trim(), "100", "the control: {ended:?}");
        let limits = Limits { processes: 40, ..site.rules().limits };
        let rules = Rules { limits, ..site.rules() };
        let bomb = "bomb{pid}() { bomb{pid} | bomb{pid} & }; bomb{pid}; sleep 60605.{pid}";
        let spec = Spec { limit: Duration::from_secs(3), ..site.sh(bomb) };
        let stop = CancellationToken::new();
        let run = site.try_run(spec, &rules, None, &stop);
        let bomb = format!("bomb{}", std::process::id());
        let watch = async {
            let mut most = 0;
            loop {
                let tasks = std::fs::read_dir("/proc").unwrap().flatten();
                let shells = tasks.filter(|it| {
                    std::fs::read(it.path().join("cmdline"))
                        .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&bomb))
                });
                most = most.max(shells.count());
                assert!(most < 80, "{most} processes");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::select! {
            ended = run => assert!(ended.unwrap().took < Duration::from_secs(13)),
            () = watch => {}
        }
        assert_eq!(alive("60605"), [0; 0]);
        assert_eq!(site.said("echo fine").await, "fine\n");
    }
}

#[tokio::test]
async fn a_file_has_a_greatest_size() {
    for site in Site::each().await {
        let limits = Limits { file_size: 1 << 20, ..site.rules().limits };
        let rules = Rules { limits, ..site.rules() };
        let line = "head -c 3000000 /dev/zero > big; true";
        site.run(line).await;
        assert_eq!(std::fs::metadata(site.path("big")).unwrap().len(), 3_000_000, "the control");
        site.run_by(line, &rules).await;
        assert_eq!(std::fs::metadata(site.path("big")).unwrap().len(), 1 << 20);
        assert_eq!(site.said("ulimit -c; ulimit -n").await, "0\n4096\n");
    }
}

#[tokio::test]
async fn what_is_in_tmp_has_a_bound_and_does_not_stay() {
    let (caged, _) = Site::caged().await;
    for site in caged {
        let limits = Limits { temporary: 4 << 20, ..site.rules().limits };
        let rules = Rules { limits, ..site.rules() };
        for place in ["/tmp", "/dev/shm"] {
            let line = format!(
                "head -c 10000000 /dev/zero > {place}/codingworker-big; wc -c < {place}/codingworker-big"
            );
            let size: u64 =
                site.run_by(&line, &rules).await.stdout.to_text().trim().parse().unwrap();
            assert!(size <= 4 << 20, "{place}: {size}");
            assert!(!exists(&Path::new(place).join("codingworker-big")));
        }
        assert_eq!(site.said("echo ok > /tmp/x && cat /tmp/x").await, "ok\n");
        assert_eq!(site.said("ls /tmp | grep -x x").await, "");
    }
}

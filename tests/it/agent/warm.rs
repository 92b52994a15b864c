//! An Aider that is imported once for a job: its turns are those of an Aider that is started for
//! each, and it keeps nothing from one to the next.

use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::*;

const LONG: Duration = Duration::from_secs(180);

impl World {
    /// With an agent for the job, which is imported in the background from now on.
    async fn warm(mut self, options: AiderOptions) -> Self {
        std::fs::create_dir_all(self.scratch()).unwrap();
        self.aider = Aider::new(AiderOptions { warm: true, ..options }).unwrap();
        self.job = self.aider.for_job(&self.tree(), &self.scratch());
        assert!(self.job.is_some(), "this machine has no hosts");
        self
    }

    /// The host of this world, outside of any cage; not the children that it forked.
    fn hosts(&self) -> Vec<i32> {
        let python = |pid: &i32| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            let name = line.split(' ').next().unwrap_or_default();
            let home = self.home.path().to_str().unwrap();
            name.contains("python") && line.contains(home) && line.contains("/host.py ")
        };
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let numbers = entries.filter_map(|it| it.file_name().to_str()?.parse().ok());
        let all: Vec<i32> = numbers.filter(python).collect();
        all.iter().copied().filter(|it| !all.contains(&parent(*it))).collect()
    }

    async fn ready(&self) -> i32 {
        // The folder of a turn is made before; it is the import that takes its time.
        until("a host that waits for a turn", || {
            let hosts = self.hosts();
            let waits = |it: &i32| {
                let files = std::fs::read_dir(format!("/proc/{it}/fd")).into_iter().flatten();
                let pipes = files.flatten().filter_map(|it| std::fs::read_link(it.path()).ok());
                // Two ends of the one that wakes it; the import has others, of its children.
                pipes.filter(|it| it.to_string_lossy().starts_with("pipe:")).count() >= 4
            };
            hosts.first().copied().filter(waits)
        })
        .await
    }
}

fn parent(pid: i32) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().to_owned();
    fields.split_whitespace().nth(1).and_then(|it| it.parse().ok()).unwrap_or_default()
}

/// Waits for a condition, not for time.
async fn until<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + LONG;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "there was never {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// All that a job's turns leave behind.
#[derive(Debug, PartialEq)]
struct Traces {
    edits: Vec<(EditVerdict, String, u32, u64, u64)>,
    files: Vec<(String, String)>,
    transcripts: Vec<String>,
    asked: Vec<Value>,
}

/// Three turns of one job: one that is fine, one whose replies have no form, one without a server.
async fn three_turns(world: &World) -> Traces {
    let shapeless = || Reply::Text("```\nx = 1\n```\n".into());
    world.ollama.script([
        Reply::files(&[("a.py", NEW), ("new/b.py", OLD)]),
        shapeless(),
        shapeless(),
        shapeless(),
        shapeless(),
        Reply::Status(500, r#"{"error":"CUDA out of memory"}"#.into()),
    ]);
    let _ = std::fs::remove_dir_all(world.tree().join("new"));
    write(&world.tree().join("a.py"), OLD);
    let before = world.ollama.chats().len();
    let (mut edits, mut files, mut transcripts) = (Vec::new(), Vec::new(), Vec::new());
    let mut hosts = Vec::new();
    for _ in 0..3 {
        let seen = Seen::default();
        let (chosen, stop) = (["a.py", "other.py"], CancellationToken::new());
        let it = world.edit(PROMPT, &chosen, Some(&seen), &stop).await.unwrap();
        edits.push((it.verdict, it.reply, it.calls, it.tokens.read, it.tokens.written));
        for name in world.names() {
            let text = std::fs::read_to_string(world.tree().join(&name)).unwrap_or_default();
            files.push((name, text));
        }
        let text = String::from_utf8(seen.0.into_inner().unwrap()).unwrap();
        transcripts.push(text.replace(world.home.path().to_str().unwrap(), "HOME"));
        hosts.extend(world.hosts());
    }
    match world.job {
        Some(_) => assert_eq!(hosts, [hosts[0]; 3], "one import for all turns"),
        None => assert_eq!(hosts, [0; 0]),
    }
    let asked = world.ollama.chats().split_off(before);
    Traces { edits, files, transcripts, asked }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_turns_of_a_warm_aider_are_those_of_one_that_is_started_for_each() {
    // In the same folders: Aider's order of files goes by their whole paths.
    let world = World::caged([]).await;
    let began = Instant::now();
    let cold = three_turns(&world).await;
    let cold_took = began.elapsed();
    let options = AiderOptions { cage: sandbox().await, ..options(world.ollama.base(), limits()) };
    let began = Instant::now();
    let world = world.warm(options).await;
    let warm = three_turns(&world).await;
    let warm_took = began.elapsed();
    // For information: on its own, and on a quiet machine.
    println!("started each: {cold_took:.1?}");
    println!("imported once: {warm_took:.1?}");
    let text = |it: &Value| it["messages"].to_string();
    for (one, next) in cold.asked.iter().zip(&cold.asked[1..]) {
        let (one, next) = (text(one), text(next));
        let shared = one.bytes().zip(next.bytes()).take_while(|(a, b)| a == b).count();
        println!("of {} bytes of a prompt, {shared} begin the next", one.len());
    }
    assert_eq!(cold.edits[0].0, EditVerdict::Answered);
    assert_eq!(cold.edits[1].0, EditVerdict::FormatFailure);
    assert!(matches!(
        cold.edits[2].0,
        EditVerdict::ModelUnavailable(_) | EditVerdict::ModelBusy(_)
    ));
    assert_eq!(warm, cold);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_killed_in_a_turn_fails_it_like_a_killed_aider_and_another_takes_over() {
    let world = World::with([Reply::Hang], limits()).await;
    let options = AiderOptions { cage: sandbox().await, ..options(world.ollama.base(), limits()) };
    let world = world.warm(options).await;
    let stop = CancellationToken::new();
    let killed = async {
        until("a call", || (!world.ollama.chats().is_empty()).then_some(())).await;
        let host = world.hosts()[0];
        kill(Pid::from_raw(host), Signal::SIGKILL).unwrap();
        host
    };
    let (edit, killed) = tokio::join!(world.edit(PROMPT, &["a.py"], None, &stop), killed);
    let words = edit.unwrap_err().to_string();
    assert!(words.contains("was ended by signal 9"), "{words}");
    assert_eq!(world.processes(), [""; 0]);
    assert_eq!((world.read("a.py").as_str(), world.names().len()), (OLD, 2));

    world.ollama.script([Reply::files(&[("a.py", NEW)])]);
    assert_eq!(world.turn().await.verdict, EditVerdict::Answered);
    assert_eq!(world.read("a.py"), NEW);
    let hosts = world.hosts();
    assert!(hosts.len() == 1 && hosts[0] != killed, "{hosts:?}");

    // The folder of the checkout is made anew, as by a job that starts over.
    std::fs::remove_dir_all(world.tree()).unwrap();
    write(&world.tree().join("a.py"), OLD);
    assert_eq!(world.turn().await.verdict, EditVerdict::Answered);
    assert_eq!(world.read("a.py"), NEW);
    assert_ne!(world.hosts(), hosts);
}

/// An "Aider" that does what its prompt says, in Python.
const OBEDIENT: &str = "import glob, json, os, subprocess, sys, time, signal
def load_slow_imports(swallow):
    IMPORT
def main():
    path = [it for it in sys.argv if it.startswith('--message-file=')][0].split('=', 1)[1]
    exec(open(path).read(), globals())
";

/// A world with it, and what its import does besides.
async fn obedient(import: &str) -> (World, AiderOptions) {
    let world = World::with([], limits()).await;
    let bin = world.home.path().join("bin");
    write(&bin.join("aider/main.py"), &OBEDIENT.replace("IMPORT", import));
    let script = bin.join("obedient");
    let text =
        "#!/usr/bin/env python3\nimport sys\nfrom aider.main import main\nsys.exit(main())\n";
    write(&script, text);
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let options = AiderOptions { bin: script, ..options(world.ollama.base(), limits()) };
    (world, options)
}

impl World {
    /// What a turn of an obedient Aider wrote into `out.json`. It asks no model, so its turn is none.
    async fn obeyed(&self, python: &str) -> Value {
        let prompt = format!("{python}\njson.dump(out, open('out.json', 'w'))\n");
        let ended = self.edit(&prompt, &[], None, &CancellationToken::new()).await;
        let words = ended.unwrap_err().to_string();
        assert!(words.contains("asked the model nothing and left with code 0"), "{words}");
        serde_json::from_str(&self.read("out.json")).unwrap()
    }
}

const SELF: &str = "out = {'argv': sys.argv[1:], 'path': sys.path, 'cwd': os.getcwd(), \
    'leader': os.getsid(0) == os.getpid(), 'name': __name__, 'tty': os.isatty(1), \
    'signals': [str(signal.getsignal(it)) for it in (2, 13, 15, 17)], \
    'blocked': str(signal.pthread_sigmask(signal.SIG_BLOCK, [])), \
    'files': sorted(os.listdir('/proc/self/fd'))[:4], \
    'limits': [line for line in open('/proc/self/limits') if 'pending' not in line], \
    'stdin': os.readlink('/proc/self/fd/0'), 'umask': os.umask(0o22), \
    'environ': dict(os.environ), 'threads': len(os.listdir('/proc/self/task'))}";

#[tokio::test(flavor = "multi_thread")]
async fn a_forked_turn_finds_what_a_started_one_finds_and_nothing_of_the_turn_before() {
    let (world, options) = obedient("os.environ['BY_IMPORT'] = '1'").await;
    let secret = ("OPENAI_API_KEY".to_owned(), "canary-key".to_owned().into());
    let options = AiderOptions { env: vec![secret], ..options };
    let mut world = world.warm(options.clone()).await;
    let leave = "os.environ['LEFT'] = 'behind'; sys.path.append('/left'); os.umask(0o77)
signal.signal(15, signal.SIG_IGN); os.chdir('/'); json.left = 'behind'
open(os.path.expanduser('~/left'), 'w'); os.chdir(sys.argv[-1] if 0 else TREE)
out = {'host': os.getppid()}"
        .replace("TREE", &format!("{:?}", world.tree().canonicalize().unwrap()));
    let first = world.obeyed(&leave).await;
    let look = format!(
        "{SELF}\nout['left'] = [hasattr(json, 'left'), os.listdir(os.path.expanduser('~'))]\n\
         out['host'] = os.getppid()"
    );
    let mut warm = world.obeyed(&look).await;
    assert_eq!(warm["host"], first["host"], "the same host forked both");
    let host = world.hosts()[0];
    assert_eq!(first["host"], host);

    // No key is in it, nor in its children: hosted models' turns are not its.
    let environ = std::fs::read(format!("/proc/{host}/environ")).unwrap();
    let environ = String::from_utf8_lossy(&environ);
    assert!(environ.contains("PYTHONHASHSEED=0") && !environ.contains("canary-key"));

    world.job = None;
    world.aider = Aider::new(options).unwrap();
    let mut cold = world.obeyed(&look).await;
    assert_ne!(cold["host"], warm["host"]);
    for it in [&mut warm, &mut cold] {
        it.as_object_mut().unwrap().remove("host");
        let environ = it["environ"].as_object_mut().unwrap();
        // Whose child it is, and what a shell adds.
        for name in ["CODINGWORKER_CHILD", "PWD", "OLDPWD", "SHLVL", "_"] {
            environ.remove(name);
        }
        assert!(environ.remove("LEFT").is_none());
    }
    // The import's own word is there from the import on, by whichever way.
    assert_eq!(warm["environ"]["BY_IMPORT"], "1");
    cold["environ"]["BY_IMPORT"] = "1".into();
    cold["leader"] = true.into();
    for it in [&mut warm, &mut cold] {
        // The recorder of each turn has a port of its own.
        let args = it["argv"].as_array_mut().unwrap();
        args.retain(|arg| !arg.as_str().unwrap().starts_with("--set-env=OLLAMA_API_BASE="));
    }
    for (name, value) in cold.as_object().unwrap() {
        assert_eq!(&warm[name], value, "{name}");
    }

    // The host is gone when the job is over.
    until("an end of the host", || world.processes().is_empty().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_hangs_ends_with_all_that_came_of_it_and_its_host_lives_on() {
    let (world, options) = obedient("pass").await;
    let mut world = world.warm(options).await;
    let host = world.obeyed("out = os.getppid()").await;
    world.model.timeout = Duration::from_secs(2);
    let hang = "print('begun', flush=True)
quiet = {'env': {}, 'start_new_session': True}
one = subprocess.Popen(['/bin/sleep', '600'], **quiet)
two = subprocess.Popen(['/bin/sh', '-c', 'trap \"\" TERM; (/bin/sleep 600 & echo $! > two)'], **quiet)
two.wait()
if os.fork() == 0:
    os.setsid()
    signal.signal(15, signal.SIG_IGN)
json.dump([one.pid, os.getpid(), int(open('two').read())], open(f'pids{os.getpid()}', 'w'))
signal.signal(15, signal.SIG_IGN)
while True: time.sleep(1)
";
    let edit = world.edit(hang, &[], None, &CancellationToken::new()).await.unwrap();
    assert_eq!(edit.verdict, EditVerdict::TimedOut);
    let lists = world.names().into_iter().filter(|it| it.starts_with("pids"));
    let pids: Vec<i32> =
        lists.flat_map(|it| serde_json::from_str::<Vec<i32>>(&world.read(&it)).unwrap()).collect();
    assert_eq!(pids.len(), 6);
    for pid in pids {
        assert!(kill(Pid::from_raw(pid), None).is_err(), "{pid} lives");
    }
    world.model.timeout = LONG;
    assert_eq!(world.obeyed("out = os.getppid()").await, host);

    // A turn that ends by itself takes what it left with it, too.
    let left = "quiet = {'env': {}, 'start_new_session': True}
out = [os.getppid(), subprocess.Popen(['/bin/sleep', '600'], **quiet).pid]";
    let left = world.obeyed(left).await;
    assert_eq!(left[0], host);
    let pid = i32::try_from(left[1].as_i64().unwrap()).unwrap();
    assert!(kill(Pid::from_raw(pid), None).is_err(), "{pid} lives");

    // And so does a stop.
    let stop = CancellationToken::new();
    let stopped = async {
        until("its file", || world.names().contains(&"at-work".to_owned()).then_some(())).await;
        stop.cancel();
    };
    let wait = "open('at-work', 'w').close()\nwhile True: time.sleep(1)\n";
    let (edit, ()) = tokio::join!(world.edit(wait, &[], None, &stop), stopped);
    assert!(matches!(edit, Err(AgentError::Stopped)), "{edit:?}");
    assert_eq!(world.obeyed("out = os.getppid()").await, host);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_is_gone_when_the_job_is_over_even_in_the_middle_of_its_import() {
    for import in ["pass", "time.sleep(600)"] {
        let (world, options) = obedient(import).await;
        let mut world = world.warm(options).await;
        if import == "pass" {
            world.ready().await;
        }
        until("a host", || world.hosts().first().copied()).await;
        world.job = None;
        until("an end of the host", || world.processes().is_empty().then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_host_can_be_each_turn_starts_its_own_aider() {
    let own = "out = open('/proc/self/cmdline').read().count('host.py')";
    for import in [
        "raise ImportError('no such thing')",
        "os._exit(3)",
        "import threading; threading.Thread(target=time.sleep, args=[600], daemon=True).start()",
    ] {
        let (world, options) = obedient(import).await;
        let world = world.warm(options).await;
        assert_eq!(world.obeyed(own).await, 0, "{import}");
        until("an end of the host", || world.hosts().is_empty().then_some(())).await;
    }
    // The control: with a host, there is one.
    let (world, options) = obedient("pass").await;
    let world = world.warm(options).await;
    assert_eq!(world.obeyed(own).await, 1);
    assert!(!world.hosts().is_empty());

    // No Python script at all.
    let (world, options) = obedient("pass").await;
    write(&options.bin, "#!/bin/sh\necho out of a shell > shell.txt\n");
    let world = world.warm(options).await;
    world.edit(PROMPT, &[], None, &CancellationToken::new()).await.unwrap_err();
    assert_eq!(world.read("shell.txt"), "out of a shell\n");

    // And where the operator wants none.
    let (mut world, options) = obedient("pass").await;
    world.aider = Aider::new(AiderOptions { warm: false, ..options }).unwrap();
    assert!(world.aider.for_job(&world.tree(), world.home.path()).is_none());
}

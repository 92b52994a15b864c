"""A hostile build. Tries one thing after the other, each in a child of its own, and says of each
`DID name`, `KEPT name (why)`, or, where only somebody outside can tell, `TRIED name`.

It runs on a machine without any cage too, as root: every attack is as small as it can be, and
takes back what it did. Usage: attack.py [after | flood MIB]"""

import ctypes
import errno
import glob
import json
import os
import resource
import signal
import socket
import stat
import struct
import subprocess
import sys
import time

FACTS = json.load(open("facts.json"))
CANARY = FACTS["yranac"][::-1].encode()  # backwards: whoever finds it has not found it here
OPERATOR, STATE, OUTSIDE = (FACTS["folder"] + it for it in ["/operator", "/state", "/outside"])
LIMITS = FACTS["limits"]
libc = ctypes.CDLL(None, use_errno=True)
ACTIONS = []


def action(name):
    def add(function):
        ACTIONS.append((name, function))
        return function

    return add


def call(function, *args):
    ctypes.set_errno(0)
    answer = function(*args)
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer


def syscall(numbers, *args):
    """By number: (x86_64, aarch64)."""
    number = dict(zip(["x86_64", "aarch64"], numbers))[os.uname().machine]
    return call(libc.syscall, ctypes.c_long(number), *args)


def may(function, passed):
    """Whether a call with senseless arguments gets past the question who may call it."""
    try:
        function()
    except OSError as error:
        if error.errno in passed:
            return True
        raise
    return True


def has(path):
    with open(path, "rb") as file:
        return CANARY in file.read(1 << 20)


def anywhere(pattern, look=has):
    """Whether any of the files is a find; those of other people are passed over."""
    for path in glob.glob(pattern):
        try:
            if look(path):
                return True
        except OSError:
            pass
    return False


# ---- What it reads.

for name, path in [
    ("read the operator's ssh key", OPERATOR + "/.ssh/id_ed25519"),
    ("read the operator's configuration", OPERATOR + "/.config/codingworker/config.yaml"),
    ("read the token beside shared tools", OPERATOR + "/.cargo/credentials.toml"),
    ("read the worker's state", STATE + "/jobs.db"),
    ("read another job's tree", STATE + "/jobs/other/tree/secret"),
    ("read another process's shared memory", FACTS.get("shm", "/no")),
]:
    action(name)(lambda path=path: has(path))
    if path.startswith(FACTS["folder"]):
        inside = path
        action(name + " by way of /proc")(
            lambda inside=inside: anywhere("/proc/[0-9]*/root" + inside)
        )

action("read the environment of other processes")(lambda: anywhere("/proc/[0-9]*/environ"))
action("read the arguments of other processes")(lambda: anywhere("/proc/[0-9]*/cmdline"))
action("see the files that other processes have open")(
    lambda: anywhere("/proc/[0-9]*/fd/*", lambda it: os.readlink(it) == STATE + "/jobs.db")
)
action("read /etc/shadow")(lambda: open("/etc/shadow").read() != "")
action("read the first process's root")(lambda: open("/proc/1/root/etc/shadow").read() != "")
action("read the kernel's log")(lambda: os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK) >= 0)
action("open the machine's memory")(lambda: os.open("/dev/mem", os.O_RDONLY) >= 0)
action("open a disk")(
    lambda: anywhere(
        "/dev/*", lambda it: stat.S_ISBLK(os.stat(it).st_mode) and os.open(it, os.O_RDONLY) >= 0
    )
)


@action("open a file by its handle")
def by_handle():
    handle = (ctypes.c_byte * 136)()
    struct.pack_into("I", handle, 0, 128)
    mount = ctypes.c_int()
    call(libc.name_to_handle_at, -100, b".", handle, ctypes.byref(mount), 0)
    return call(libc.open_by_handle_at, os.open(".", os.O_RDONLY), handle, os.O_RDONLY) >= 0


@action("watch what others do to their files")
def watch():
    return call(libc.inotify_add_watch, call(libc.inotify_init), (STATE + "/jobs.db").encode(), 0x2) >= 0


@action("find a segment of shared memory")
def segment():
    return call(libc.shmget, FACTS["ipc"], 0, 0) >= 0


@action("read the operator's keyring")
def keyring():
    # The one that a login gives to all that is started in it.
    text = ctypes.create_string_buffer(256)
    key = syscall((249, 218), b"user", b"codingworker-hostile", None, 0)
    return call(libc.syscall, ctypes.c_long({"x86_64": 250}.get(os.uname().machine, 219)), 11, key, text, 256) > 0


# ---- What it writes. Whether it got out is for others to say.


def write(path):
    with open(path, "ab") as file:
        file.write(CANARY)
    os.chmod(path, 0o644)


for name, path in FACTS["targets"].items():
    action(name)(lambda path=path: write(path))


@action("write through a link in the tree")
def through_link():
    os.symlink(OUTSIDE, "link")
    write("link/linked")


@action("write to a file that has a name in the tree")
def hard_link():
    os.link(OUTSIDE + "/precious", "hard")
    with open("hard", "ab") as file:
        file.write(CANARY)


@action("make a program that makes anybody root")
def set_user_id():
    with open("root-shell", "wb") as file:
        file.write(b"#!/bin/sh\n")
    os.chown("root-shell", 0, 0)
    os.chmod("root-shell", 0o4755)
    return os.stat("root-shell").st_mode & stat.S_ISUID != 0


@action("make a device")
def device():
    os.mknod("zero", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    return os.open("zero", os.O_RDONLY) >= 0


for name, path in [
    ("write to /sys", "/sys/kernel/mm/transparent_hugepage/enabled"),
    ("write to /proc/sys", "/proc/sys/vm/overcommit_memory"),
    ("name the program that gets core dumps", "/proc/sys/kernel/core_pattern"),
    ("write to the kernel's request key", "/proc/sysrq-trigger"),
]:
    action(name)(lambda path=path: os.open(path, os.O_WRONLY) >= 0)


# ---- Whom it reaches.


def connect(family, address, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as stream:
        stream.settimeout(3)
        stream.connect(address)
        if kind == socket.SOCK_DGRAM:
            stream.send(b"?")
        return CANARY in stream.recv(512)


def route(address, port):
    """Whether a packet would leave for there: one to a port that takes none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stream:
        stream.connect((address, port))
        return stream.send(b"") == 0


INET, UNIX = socket.AF_INET, socket.AF_UNIX
for name, attempt in {
    "reach a port of the loopback": lambda: connect(INET, ("127.0.0.1", FACTS["tcp"][1])),
    "reach a port of the loopback by UDP": lambda: connect(
        INET, ("127.0.0.1", FACTS["udp"][1]), socket.SOCK_DGRAM
    ),
    "reach a port of IPv6's loopback": lambda: connect(
        socket.AF_INET6, ("::1", FACTS["tcp6"][1])
    ),
    "reach this machine by its address": lambda: connect(INET, (FACTS["address"], FACTS["tcp"][1])),
    "ask a name server": lambda: connect(
        INET, (FACTS["address"], FACTS["udp"][1]), socket.SOCK_DGRAM
    ),
    "send to the metadata service": lambda: route("169.254.169.254", 9),
    "send to the internet": lambda: route("192.0.2.1", 9),
    "send to the neighbours": lambda: route(FACTS["address"].rsplit(".", 1)[0] + ".1", 9),
    "reach an abstract socket": lambda: connect(UNIX, "\0" + FACTS["abstract"]),
    "reach a socket in a folder of somebody's": lambda: connect(UNIX, OUTSIDE + "/service.sock"),
    "reach the agent's recorder": lambda: connect(UNIX, STATE + "/jobs/this/recorder.sock"),
    "open a raw socket": lambda: socket.socket(INET, socket.SOCK_RAW, 1).fileno() >= 0,
    "listen to all packets": lambda: socket.socket(17, socket.SOCK_RAW, 0x300).fileno() >= 0,
}.items():
    action(name)(attempt)


@action("open a virtual machine's line to its host")
def machine():
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as stream:
        stream.bind((socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY))
        return True


@action("reach the container engine")
def engine():
    with socket.socket(UNIX) as stream:
        stream.settimeout(3)
        stream.connect(FACTS["engine"])
        stream.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
        return stream.recv(12).startswith(b"HTTP")


@action("reach the system's services")
def services():
    def answers(path):
        with socket.socket(UNIX) as stream:
            stream.connect(path)
            return True

    paths = ["/run/dbus/system_bus_socket", "/run/systemd/private", "/run/user/*/bus"]
    return any(anywhere(it, answers) for it in paths)


@action("ping")
def ping():
    packet = struct.pack("!BBHHH", 8, 0, 0xF7FF - 1, 1, 1)
    with socket.socket(INET, socket.SOCK_RAW, 1) as stream:
        stream.settimeout(3)
        stream.sendto(packet, (FACTS["address"], 0))
        return len(stream.recv(512)) > 0


# ---- What it becomes.

action("become root")(lambda: (os.setuid(0), os.geteuid() == 0)[1])
action("become root's group")(lambda: (os.setgid(0), os.getegid() == 0)[1])
for name, words in [
    ("become root by sudo", ["sudo", "-n", "true"]),
    ("become root by su", ["su", "root", "-c", "true"]),
]:
    action(name)(
        lambda words=words: subprocess.run(words, stdin=subprocess.DEVNULL, timeout=4).returncode == 0
    )
action("mount")(lambda: mounted())
action("chroot")(lambda: (os.chroot("."), True)[1])


def mounted():
    os.makedirs("place", exist_ok=True)
    call(libc.mount, b"x", b"place", b"tmpfs", 0, b"size=4k")
    call(libc.umount2, b"place", 2)
    return True


@action("mount in a name space of its own")
def unshare():
    call(libc.unshare, 0x20000)
    call(libc.mount, None, b"/", None, 0x44000, None)  # nobody else is to see it
    return mounted()


@action("be root in a name space of users")
def unshare_user():
    call(libc.unshare, 0x10000000 | 0x20000)
    return True


@action("be root in a name space of users, by clone")
def clone_user():
    # SIGCHLD and CLONE_NEWUSER; without a stack of its own it is a fork.
    child = syscall((56, 220), ctypes.c_ulong(0x10000000 | 17), None, None, None, None)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return True


@action("enter somebody's name space")
def enter():
    return call(libc.setns, os.open("/proc/%d/ns/ipc" % FACTS["pid"], os.O_RDONLY), 0) == 0


@action("trace a process")
def trace():
    call(libc.ptrace, 0x4206, FACTS["pid"], None, None)
    return True


action("kill a process")(lambda: (os.kill(FACTS["decoy"], signal.SIGKILL), True)[1])
action("load a module into the kernel")(
    lambda: may(lambda: syscall((175, 105), b"", 0, b""), [errno.ENOEXEC, errno.EFAULT, errno.EINVAL])
)
# The first question is who asks; these numbers reboot nothing.
action("reboot")(lambda: may(lambda: syscall((169, 142), 1, 2, 3, None), [errno.EINVAL]))
action("turn off the swap")(
    lambda: may(lambda: call(libc.swapoff, b"/no/such"), [errno.ENOENT])
)
action("set the clock")(
    lambda: (time.clock_settime(time.CLOCK_REALTIME, time.clock_gettime(time.CLOCK_REALTIME)), True)[1]
)
action("set the machine's name")(lambda: (socket.sethostname(socket.gethostname()), True)[1])
action("count all that the machine does")(
    lambda: syscall((298, 241), struct.pack("II", 1, 112) + bytes(104), -1, 0, -1, 0) >= 0
)
action("load a program into the kernel")(
    lambda: syscall(
        (321, 280),
        5,
        struct.pack("IIQQ", 1, 2, address(LOADED), address(b"GPL\0")) + bytes(96),
        120,
    )
    >= 0
)
LOADED = bytes.fromhex("b700000000000000" "9500000000000000")  # r0 = 0; exit


def address(buffer):
    return ctypes.cast(ctypes.c_char_p(buffer), ctypes.c_void_p).value


@action("leave its control group")
def leave_group():
    def move(path):
        with open(path, "w") as file:
            file.write(str(os.getpid()))
        return True

    return any(
        anywhere(it, move) for it in ["/sys/fs/cgroup/pids/cgroup.procs", "/sys/fs/cgroup/cgroup.procs"]
    )


# ---- What it uses up.

action("be before everybody else")(lambda: (os.setpriority(os.PRIO_PROCESS, 0, -20), True)[1])
action("be scheduled in real time")(
    lambda: (os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)), True)[1]
)


@action("dump core")
def core():
    child = os.fork()
    if child == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
            os.kill(os.getpid(), signal.SIGSEGV)
        finally:
            os._exit(0)
    return os.WCOREDUMP(os.waitpid(child, 0)[1])


@action("fork more than it may")
def forks():
    children = []
    try:
        while len(children) < LIMITS["processes"] + 50:
            child = os.fork()
            if child == 0:
                signal.pause()
            children.append(child)
        return True
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


@action("take more memory than it may")
def memory():
    hog = bytearray(LIMITS["memory"] + (64 << 20))
    hog[::4096] = b"x" * len(hog[::4096])
    return True


@action("write a larger file than it may")
def large():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open("large", "wb") as file:
        file.truncate(LIMITS["file_size"] + 1)
        return True


def fill(folder, bytes):
    """In files that are small enough each."""
    piece = b"x" * (4 << 20)
    names = ["%s/codingworker-fill-%d-%d" % (folder, os.getpid(), it) for it in range(bytes // len(piece) + 1)]
    try:
        for name in names:
            with open(name, "wb") as file:
                file.write(piece)
        return True
    finally:
        for name in filter(os.path.exists, names):
            os.unlink(name)


action("fill /tmp")(lambda: fill("/tmp", LIMITS["temporary"]))
action("fill the shared memory")(lambda: fill("/dev/shm", max(LIMITS["temporary"], 64 << 20)))


@action("outlive its end")
def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]:
                signal.signal(number, signal.SIG_IGN)
            os.closerange(0, 64)
            os.execve("/bin/sleep", ["sleep", FACTS["daemon"]], {})
        os._exit(0)
    os.wait()


def attempt(function):
    """In a child, which may do to itself what it likes, for five seconds at most."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        sys.stderr = open(os.devnull, "w")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            answer = function()
            word = "TRIED" if answer is None else "DID" if answer else "KEPT"
        except BaseException as error:
            word = "KEPT (%s: %s)" % (type(error).__name__, error)
        os.write(writer, word.encode())
        os._exit(0)
    os.close(writer)
    status = os.waitpid(child, 0)[1]
    word = os.read(reader, 4096).decode(errors="replace")
    os.close(reader)
    return word or "KEPT (ended with %d)" % status


def after():
    """What an earlier build of the same job left: nothing but what is in its own folders."""
    processes = [it for it in os.listdir("/proc") if it.isdigit()]
    print("processes", len(processes))
    # What leads to the job's own folders is mounted there, and nothing else.
    print("tmp", [it for it in os.listdir("/tmp") if not FACTS["folder"].startswith("/tmp/" + it)])
    print("network", attempt(lambda: connect(INET, ("127.0.0.1", FACTS["tcp"][1]))).split()[0])


if sys.argv[1:] == ["after"]:
    after()
elif sys.argv[1:2] == ["flood"]:
    piece = b"x" * (1 << 20)
    for _ in range(int(sys.argv[2])):
        sys.stdout.buffer.write(piece)
else:
    for name, function in ACTIONS:
        word, _, why = attempt(function).partition(" ")
        print(word, name, why.replace("\n", " "), sep="\t", flush=True)
    print("END")

"""Somebody else's process on the machine of a hostile build: it holds what must not be had, and
listens where nobody must get to. Says what it has as one line of JSON, and lives until its input
ends. Usage: victim.py FOLDER CANARY"""

import ctypes
import json
import os
import socket
import subprocess
import sys
import threading

folder, canary = sys.argv[1:3]
libc = ctypes.CDLL(None, use_errno=True)
facts = {"pid": os.getpid()}
held = [open(os.path.join(folder, "state/jobs.db"))]


def serve(listener):
    while True:
        stream, _ = listener.accept()
        try:
            stream.sendall(canary.encode())
        except OSError:
            pass
        stream.close()


def answer(listener):
    while True:
        _, sender = listener.recvfrom(512)
        listener.sendto(canary.encode(), sender)


def listen(name, family, address, kind=socket.SOCK_STREAM):
    """Leaves out what this kernel has not."""
    try:
        listener = socket.socket(family, kind)
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen()
    except OSError:
        return
    held.append(listener)
    target = serve if kind == socket.SOCK_STREAM else answer
    threading.Thread(target=target, args=(listener,), daemon=True).start()
    facts[name] = listener.getsockname()


def own_address():
    """This machine's address beside the loopback; no packet is sent for it."""
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        probe.connect(("192.0.2.1", 9))
        return probe.getsockname()[0]
    except OSError:
        return "127.0.0.1"


listen("tcp", socket.AF_INET, ("0.0.0.0", 0))
listen("udp", socket.AF_INET, ("0.0.0.0", 0), socket.SOCK_DGRAM)
listen("tcp6", socket.AF_INET6, ("::1", 0))
for name in ["outside/service.sock", "state/jobs/this/recorder.sock"]:
    listen(name, socket.AF_UNIX, os.path.join(folder, name))
    os.chmod(os.path.join(folder, name), 0o777)
listen("abstract", socket.AF_UNIX, "\0codingworker-" + canary)
facts["abstract"] = "codingworker-" + canary
facts["address"] = own_address()
if hasattr(os, "memfd_create") and os.path.isdir("/dev/shm"):
    facts["shm"] = "/dev/shm/codingworker-" + canary
    with open(facts["shm"], "w") as file:
        file.write(canary)
    os.chmod(facts["shm"], 0o666)
facts["ipc"] = os.getpid() | 0x40000000
segment = libc.shmget(facts["ipc"], 4096, 0o1666)
number = {"x86_64": 248, "aarch64": 217}.get(os.uname().machine, -1)
key = libc.syscall(ctypes.c_long(number), b"user", b"codingworker-hostile", b"hush", 4, -5)
decoy = subprocess.Popen(["sleep", "600"])
facts["decoy"] = decoy.pid
print(json.dumps(facts), flush=True)
sys.stdin.read()
decoy.kill()
decoy.wait()
if segment >= 0:
    libc.shmctl(segment, 0, None)
if key >= 0:
    libc.syscall(ctypes.c_long(number + 2), 9, key, -5)
if "shm" in facts:
    os.unlink(facts["shm"])
os._exit(0)

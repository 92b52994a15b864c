"""What a run is made of: all that is needed to run it again, and to know that nothing of it changed since."""
import datetime
import hashlib
import json
import os
import pathlib
import platform
import urllib.error
import urllib.request

from . import child
from .journal import NotAResult

LIMIT = 10  # seconds


def _get(host, path):
    base = host if "://" in host else f"http://{host}"
    try:
        with urllib.request.urlopen(f"{base.rstrip('/')}{path}", timeout=LIMIT) as reply:
            return json.loads(reply.read(1 << 22))
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise NotAResult(f"Ollama at {base} does not answer: {error}; start it, or name another with --host") from None


def model(host, name):
    """The model's name and digest, as the server has it. Raises `NotAResult` when it is away."""
    models = _get(host, "/api/tags").get("models") or []
    wanted = {name, f"{name}:latest"}
    for it in models:
        if it.get("name") in wanted:
            return {"name": name, "digest": it.get("digest", ""), "details": it.get("details") or {},
                    "ollama": _get(host, "/api/version").get("version", "")}
    raise NotAResult(f"Ollama at {host} has no model {name}: `ollama pull {name}`")


def digest(path):
    whole = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            whole.update(piece)
    return f"sha256:{whole.hexdigest()}"


def worker(binary):
    ended = child.run([binary, "--version"], LIMIT, apart=True)
    if not ended.ok:
        raise NotAResult(f"{binary} --version left with {ended.code}: {ended.errors.strip()[:200]}")
    return {"version": ended.output.strip(), "digest": digest(binary)}


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (it.split(":", 1)[1].strip() for it in lines if it.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def machine():
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    except (OSError, ValueError):
        memory = 0
    return {"cores": os.cpu_count(), "cpu": processor(), "memory_mib": memory, "system": platform.platform(),
            "python": platform.python_version()}


def seeds(settings):
    """The keys that make an answer what it is, of the configuration as resolved."""
    words = ("seed", "temperature", "attempts", "top_p", "top_k")
    found = {key: value for key, value in settings.items() if any(it in key for it in words)}
    for nth, rung in enumerate(settings.get("aider.models") or []):
        if isinstance(rung, dict):
            found.update({f"aider.models.{nth}.{key}": value for key, value in rung.items() if key in words})
    return found


def today():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

"""A file of results: written whole after each task, and read to go on where a run stopped."""
import contextlib
import fcntl
import json
import os
import pathlib
import tempfile

FORMAT = 1


class BadRecord(Exception):
    """A file that is no record, or one of something else: says which, and what to do."""


def read(path):
    try:
        record = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadRecord(f"{path}: {error}") from None
    if not isinstance(record, dict) or record.get("format") != FORMAT or not isinstance(record.get("results"), list):
        raise BadRecord(f"{path}: no results of `solve` in the form {FORMAT}")
    return record


def write(path, record):
    """As a whole or not at all."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(record, file, ensure_ascii=False, indent=1, sort_keys=True)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


@contextlib.contextmanager
def alone(path):
    """No second run writes the same file meanwhile. The lock ends with its holder, however that ends."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_name(f".{path.name}.lock"), "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadRecord(f"{path}: another run is writing it") from None
        yield


def fresh(setup):
    return {"format": FORMAT, "setup": setup, "results": [], "superseded": [], "failed": []}


def same_question(old, new):
    """Whether both setups ask the same model in the same variant: else their results do not belong into one file."""
    return old["model"]["name"] == new["model"]["name"] and old["variant"] == new["variant"]


def changed(old, new):
    """What is another thing now, in words; nothing: a run can go on."""
    looks = (("the worker's binary", lambda it: it["worker"]), ("the model", lambda it: it["model"].get("digest")),
             ("the resolved configuration", lambda it: it.get("settings")))
    return [name for name, look in looks if look(old) != look(new)]


def resume(record, setup, digests):
    """What `record` (None: there is none) keeps for a run of `setup` on the tasks of `digests` (name to digest).
    Returns the record to go on with and what to say. Pure: neither argument is changed.

    Results of another binary, model or configuration are set aside, all of them: they never count beside new ones.
    Those of a task that changed are set aside too."""
    if record is None:
        return fresh(setup), []
    if not same_question(record["setup"], setup):
        old = record["setup"]
        raise BadRecord(f"it holds results of {old['model']['name']} in the variant {old['variant']}: "
                        "give another --out, or move it away")
    said, differs = [], changed(record["setup"], setup)
    if differs and record["results"]:
        said.append(f"{' and '.join(differs)} changed: {len(record['results'])} results are set aside and run again")
    stays = [] if differs else [it for it in record["results"] if it["digest"] == digests.get(it["task"], it["digest"])]
    goes = [it for it in record["results"] if it not in stays]
    if not differs:
        said += sorted({f"{it['task']} changed: it is run again" for it in goes})
    # Of each task and run one, the latest: a file must not grow with every build.
    older = {(it["task"], it["run"]): it for it in [*record.get("superseded", []), *goes]}
    setups = {"setup": setup if differs else {**setup, "date": record["setup"].get("date", setup.get("date"))}}
    return {"format": FORMAT, **setups, "results": stays, "superseded": list(older.values()), "failed": []}, said


def done(record):
    return {(it["task"], it["run"]) for it in record["results"]}

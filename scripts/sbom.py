#!/usr/bin/env python3
"""Says what is in the worker's image, as CycloneDX 1.5: sbom.py [--crates | VENV...] > sbom.cdx.json

With --crates, says what is in the worker's binary alone.

Crates come from Cargo.toml and Cargo.lock beside this file (what only tests need is left out; what
only other platforms or build scripts need is not told apart), Python packages from the environments
named, Debian's from dpkg.
"""
import json
import os
import pathlib
import subprocess
import sys
import tomllib
import uuid
from importlib.metadata import distributions
from urllib.parse import quote

HERE = pathlib.Path(__file__).resolve().parent
NAMESPACE = uuid.UUID("6f1ad9a0-5c7e-5d0b-9d6a-3c0ffee4b0c5")


def component(kind, name, version, purl, **more):
    return {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl, **more}


def crate_purl(package):
    return f"pkg:cargo/{package['name']}@{quote(package['version'])}"


def crates():
    """The program, its crates, and which of them needs which."""
    manifest = tomllib.loads((HERE / "Cargo.toml").read_text())
    packages = tomllib.loads((HERE / "Cargo.lock").read_text())["package"]

    def named(words):
        """An entry of `dependencies`: NAME, or NAME VERSION where there are several."""
        name, _, version = words.partition(" ")
        return next(it for it in packages if it["name"] == name and version.split(" ")[0] in ("", it["version"]))

    root = next(it for it in packages if it["name"] == manifest["package"]["name"])
    wanted = {value.get("package", name) if isinstance(value, dict) else name
              for name, value in manifest["dependencies"].items()}
    needs, to_visit = {}, []
    needs[crate_purl(root)] = []
    for words in root["dependencies"]:
        if words.split(" ")[0] in wanted:
            needs[crate_purl(root)].append(crate_purl(named(words)))
            to_visit.append(named(words))
    found = {}
    while to_visit:
        package = to_visit.pop()
        purl = crate_purl(package)
        if purl in found:
            continue
        found[purl] = package
        below = [named(it) for it in package.get("dependencies", [])]
        needs[purl] = [crate_purl(it) for it in below]
        to_visit.extend(below)
    components = [
        component("library", it["name"], it["version"], purl,
                  hashes=[{"alg": "SHA-256", "content": it["checksum"]}] if "checksum" in it else [])
        for purl, it in found.items()]
    program = component("application", root["name"], root["version"], crate_purl(root))
    return program, components, [{"ref": it, "dependsOn": sorted(set(below))} for it, below in needs.items()]


def python_packages(venv):
    for folder in pathlib.Path(venv).glob("lib/python3*/site-packages"):
        for it in distributions(path=[str(folder)]):
            name, version = it.metadata["Name"], it.version
            more = {}
            if expression := it.metadata.get("License-Expression"):
                more["licenses"] = [{"expression": expression}]
            yield component("library", name, version, f"pkg:pypi/{quote(name.lower().replace('_', '-'))}@{quote(version)}", **more)


def debian_packages():
    told = subprocess.run(["dpkg-query", "--show", "--showformat", "${Package}\t${Version}\t${Architecture}\n"],
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in told.splitlines():
        name, version, architecture = line.split("\t")
        yield component("library", name, version, f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={architecture}")


def main():
    program, components, needs = crates()
    if sys.argv[1:] != ["--crates"]:
        components += debian_packages()
        for venv in sys.argv[1:]:
            components += python_packages(venv)
    components = sorted({it["bom-ref"]: it for it in components}.values(), key=lambda it: it["bom-ref"])
    # The same content has the same number, so that an image can be built twice and compared.
    serial = uuid.uuid5(NAMESPACE, json.dumps([program, components]))
    json.dump({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "serialNumber": f"urn:uuid:{serial}",
        "metadata": {"component": program, "tools": {"components": [{"type": "application", "name": os.path.basename(__file__)}]}},
        "components": components, "dependencies": needs,
    }, sys.stdout, indent=1)


if __name__ == "__main__":
    main()

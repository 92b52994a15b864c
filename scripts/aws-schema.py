#!/usr/bin/env python3
"""Writes down what the AWS provider calls things, for tests of infra/terraform without the provider.

usage: aws-schema.py > tests/fixtures/terraform/aws-schema.json

Terraform's registry gives a provider as a program of 700 MB; the bindings of CDK for Terraform are generated from that
program's own schema and come from the Python index. Their TypeScript declarations name each argument, whether it is
required, and which block it is in. To be run by hand, when the provider's version or a resource's kind changes.
"""
import io
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile

PACKAGE = "cdktf-cdktf-provider-aws==21.22.1"
INFRA = pathlib.Path(__file__).resolve().parent.parent / "infra" / "terraform"
ARGUMENT = re.compile(r"/\*\*(?P<doc>.*?)\*/\s*readonly (?P<name>\w+)(?P<optional>\??): (?P<type>[^;]+);", re.DOTALL)
# What CDK adds of its own has no link into the provider's manual.
LINK = re.compile(r"/(?:docs/(?:resources|data-sources))/\w+#(\w+) ")


def interfaces(text):
    found = {}
    for it in re.finditer(r"export interface (\w+)[^{]*\{(.*?)\n\}", text, re.DOTALL):
        found[it[1]] = [one.groupdict() for one in ARGUMENT.finditer(it[2])]
    return found


def schema(name, known):
    arguments, blocks = {}, {}
    for it in known[name]:
        link = LINK.search(it["doc"])
        if not link:
            continue
        required = not it["optional"]
        inner = next((one for one in re.findall(r"\w+", it["type"]) if one in known), None)
        if inner and re.search(r"\* \w+ block\n", it["doc"]):
            blocks[link[1]] = {"required": required, **schema(inner, known)}
        else:
            arguments[link[1]] = {"required": required}
    return {"arguments": arguments, "blocks": blocks}


def main():
    text = "\n".join(it.read_text() for it in INFRA.rglob("*.tf"))
    kinds = sorted(set(re.findall(r'^(resource|data) "(aws_\w+)"', text, re.MULTILINE)))
    with tempfile.TemporaryDirectory() as room:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check",
                        "--dest", room, PACKAGE], check=True)
        wheel = zipfile.ZipFile(next(pathlib.Path(room).glob("*.whl")))
        inner = next(it for it in wheel.namelist() if it.endswith(".jsii.tgz"))
        files = tarfile.open(fileobj=io.BytesIO(wheel.read(inner)))
        folders = {("data-" if kind == "data" else "") + name.replace("_", "-"): (kind, name) for kind, name in kinds}
        declared = {}
        for member in files:
            folder, _, rest = member.name.removeprefix("package/lib/").partition("/")
            # aws_iam_role is in iam-role, the data source of the same name in data-aws-iam-role.
            key = folder if folder in folders else f"aws-{folder}"
            if rest == "index.d.ts" and key in folders:
                declared[folders[key]] = files.extractfile(member).read().decode()
    missing = set(kinds) - set(declared)
    if missing:
        sys.exit(f"aws-schema: {PACKAGE} does not have {missing}")
    result, version = {"resource": {}, "data": {}}, None
    for (kind, name), source in sorted(declared.items()):
        version = re.search(r"hashicorp/aws/([0-9.]+)/docs", source)[1]
        known = interfaces(source)
        config = next(it for it in known if it.endswith("Config") and f"class {it.removesuffix('Config')} " in source)
        own = source[source.index(f"class {config.removesuffix('Config')} "):]
        computed = {re.sub(r"(?<!^)(?=[A-Z])", "_", it).lower() for it in re.findall(r"\n    get (\w+)\(\): ", own)}
        result[kind][name] = {**schema(config, known), "attributes": sorted(
            it for it in computed if not it.endswith("_input") and it != "identity_schema")}
    print(json.dumps({"provider": f"hashicorp/aws {version}", "from": PACKAGE, **result}, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Plays Aider in the box: takes what the worker says on its command line, asks the model once by
the way that it is told, and writes the files of a reply in whole-file form."""

import json
import re
import sys
import urllib.request

if "--version" in sys.argv:
    print("aider 0.86.2")
    sys.exit(0)

options = [it[2:].split("=", 1) for it in sys.argv[1:] if it.startswith("--") and "=" in it]
given = dict(options)
base = given["set-env"].removeprefix("OLLAMA_API_BASE=")
with open(given["message-file"], encoding="utf-8") as file:
    prompt = file.read()
for name, path in options:
    if name == "file":
        with open(path, encoding="utf-8") as file:
            prompt += f"\n{path}\n```\n{file.read()}```\n"

body = {
    "model": given["model"].removeprefix("ollama_chat/"),
    "messages": [{"role": "user", "content": prompt}],
    "stream": True,
}
request = urllib.request.Request(
    base + "/api/chat", json.dumps(body).encode(), {"Content-Type": "application/json"}
)
reply = ""
with urllib.request.urlopen(request, timeout=60) as answer:
    for line in answer:
        reply += json.loads(line).get("message", {}).get("content", "")
print(reply)
# The working directory is the tree.
for path, text in re.findall(r"^(\S+)\n```\n(.*?)```$", reply, re.DOTALL | re.MULTILINE):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    print("Applied edit to", path)

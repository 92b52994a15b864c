#!/usr/bin/env python3
"""Plays Aider for scripts/soak.py, at once: asks the model the one time that Aider would, by the way
that it is told, and writes the file that the issue is about."""
import json
import sys
import urllib.request

if "--version" in sys.argv:
    print("aider 0.86.2")
    sys.exit(0)

options = dict(it[2:].split("=", 1) for it in sys.argv[1:] if it.startswith("--") and "=" in it)
base = options["set-env"].removeprefix("OLLAMA_API_BASE=")
with open(options["message-file"], encoding="utf-8") as file:
    prompt = file.read()
body = {"model": options["model"].removeprefix("ollama_chat/"), "stream": True,
        "messages": [{"role": "user", "content": prompt}]}
request = urllib.request.Request(f"{base}/api/chat", json.dumps(body).encode(), {"Content-Type": "application/json"})
reply = ""
with urllib.request.urlopen(request, timeout=60) as answer:
    for line in answer:
        reply += json.loads(line).get("message", {}).get("content", "")
# The working directory is the tree.
with open("answer.txt", "w", encoding="utf-8") as file:
    file.write(reply)
print("Applied edit to answer.txt")

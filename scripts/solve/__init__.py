"""How many issues the worker really solves: `./taskw solve`. Where to read first: `cli`, `play`, `failure`."""

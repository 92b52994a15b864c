"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const all = require("./lib");
const { Queue, TimeoutError } = all;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
// a promise that hangs is a failure, not a wait
const soon = (promise) => {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error("hangs")), 500); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};
const isCleared = (error) => error instanceof all.ClearedError && error instanceof Error && error.name === "ClearedError" && !(error instanceof TimeoutError);

test("the class", () => {
  assert.equal(typeof all.ClearedError, "function");
});

test("the waiting are rejected, the running one is not", async () => {
  const queue = new Queue();
  const first = queue.add(() => sleep(5).then(() => "done"));
  const others = [1, 2].map(() => queue.add(() => assert.fail("must not run")));
  const seen = Promise.all(others.map((p) => assert.rejects(soon(p), isCleared)));
  assert.equal(queue.clear(), 2);
  assert.equal(queue.clear(), 0);
  assert.equal(queue.waiting, 0);
  await seen;
  assert.equal(await soon(first), "done");
  assert.equal(await soon(queue.add(() => 3)), 3);
});

test("onIdle of a paused queue", async () => {
  const queue = new Queue({ paused: true });
  const job = assert.rejects(soon(queue.add(() => 1)), isCleared);
  const idle = soon(queue.onIdle());
  queue.clear();
  await job;
  await idle;
});

test("onIdle still waits for what runs", async () => {
  const queue = new Queue();
  let done = false;
  queue.add(() => sleep(20).then(() => { done = true; }));
  const job = assert.rejects(soon(queue.add(() => 1)), isCleared);
  const idle = queue.onIdle().then(() => done);
  queue.clear();
  await job;
  assert.equal(await soon(idle), true);
});

test("the types", () => {
  const types = readFileSync("lib/index.d.ts", "utf8").replace(/\/\*[^]*?\*\/|\/\/.*$/gm, "").replace(/\s+/g, " ");
  assert.match(types, /export (declare )?class ClearedError extends Error\b/);
  const queue = /class Queue \{(.*)$/.exec(types);
  assert.ok(queue, "Queue is still there");
  assert.match(queue[1], /\bclear(\(\) ?: ?|: ?\(\) ?=> ?)number\b/);
  for (const name of ["TimeoutError", "QueueOptions", "JobOptions"]) assert.ok(types.includes(name), name);
});

"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const { Queue, TimeoutError } = require("..");

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test("the result of a job", async () => {
  const queue = new Queue();
  assert.equal(await queue.add(() => 7), 7);
  await assert.rejects(queue.add(async () => { throw new Error("no"); }), /no/);
});

test("a few at a time", async () => {
  const queue = new Queue({ concurrency: 2 });
  let now = 0;
  let most = 0;
  const job = async () => {
    most = Math.max(most, ++now);
    await sleep(3);
    now--;
  };
  for (let i = 0; i < 6; i++) queue.add(job);
  assert.equal(queue.running, 2);
  assert.equal(queue.waiting, 4);
  await queue.onIdle();
  assert.equal(most, 2);
});

test("priority", async () => {
  const queue = new Queue({ paused: true });
  const order = [];
  for (const [name, priority] of [["a", 0], ["b", 5], ["c", 0], ["d", -1], ["e", 5]]) {
    queue.add(() => order.push(name), { priority });
  }
  queue.resume();
  await queue.onIdle();
  assert.deepEqual(order, ["b", "e", "a", "c", "d"]);
});

test("timeout", async () => {
  const queue = new Queue();
  await assert.rejects(queue.add(() => sleep(200), { timeout: 5 }), TimeoutError);
});

test("clear", async () => {
  const queue = new Queue();
  const first = queue.add(() => sleep(3).then(() => "done"));
  queue.add(() => assert.fail("must not run")).catch(() => {});
  queue.clear();
  assert.equal(queue.waiting, 0);
  assert.equal(await first, "done");
});

test("bad options", () => {
  assert.throws(() => new Queue({ concurrency: 0 }), RangeError);
});

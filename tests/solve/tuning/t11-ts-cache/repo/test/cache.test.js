import test from "node:test";
import assert from "node:assert/strict";
import { Cache, memoize } from "../src/index.js";

test("the one that was not used for the longest time goes", () => {
  const cache = new Cache({ max: 2 });
  cache.set("a", 1).set("b", 2);
  cache.get("a");
  cache.set("c", 3);
  assert.deepEqual(cache.keys(), ["a", "c"]);
  assert.equal(cache.get("b"), undefined);
  assert.equal(cache.size, 2);
});

test("time to live", () => {
  let now = 0;
  const cache = new Cache({ ttl: 10, now: () => now });
  cache.set("a", 1);
  now = 5;
  cache.set("b", 2);
  now = 10;
  assert.equal(cache.has("a"), false);
  assert.equal(cache.get("b"), 2);
  now = 15;
  assert.equal(cache.prune(), 1);
  assert.equal(cache.size, 0);
});

test("delete and clear", () => {
  const cache = new Cache();
  cache.set("a", undefined);
  assert.equal(cache.has("a"), true);
  assert.equal(cache.delete("a"), true);
  assert.equal(cache.delete("a"), false);
  cache.set("b", 1).clear();
  assert.equal(cache.size, 0);
});

test("bad options", () => {
  assert.throws(() => new Cache({ max: 0 }), RangeError);
  assert.throws(() => new Cache({ ttl: -1 }), RangeError);
});

test("memoize", () => {
  let calls = 0;
  const square = memoize((n) => (calls++, n * n));
  assert.equal(square(3), 9);
  assert.equal(square(3), 9);
  assert.equal(calls, 1);
});

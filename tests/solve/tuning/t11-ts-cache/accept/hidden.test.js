import test from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Cache, memoize } from "./src/index.js";

function recorded(options) {
  const seen = [];
  const clock = { now: 0 };
  const cache = new Cache({ now: () => clock.now, onEvict: (...args) => seen.push(args), ...options });
  return { cache, seen, clock };
}

test("too many", () => {
  const { cache, seen } = recorded({ max: 2 });
  cache.set("a", 1).set("b", 2);
  cache.get("a");
  cache.set("c", 3);
  assert.deepEqual(seen, [["b", 2, "size"]]);
  cache.set("c", 4);
  assert.deepEqual(seen.length, 1);
});

test("too old: get, has, prune", () => {
  const { cache, seen, clock } = recorded({ ttl: 10 });
  cache.set("a", 1).set("b", 2).set("c", 3).set("d", 4);
  clock.now = 10;
  assert.equal(cache.get("a"), undefined);
  assert.equal(cache.has("b"), false);
  assert.deepEqual(seen, [["a", 1, "expired"], ["b", 2, "expired"]]);
  assert.equal(cache.prune(), 2);
  assert.deepEqual(seen.slice(2), [["c", 3, "expired"], ["d", 4, "expired"]]);
  assert.equal(cache.prune(), 0);
  assert.equal(seen.length, 4);
});

test("not for what was asked for", () => {
  const { cache, seen } = recorded({});
  cache.set("a", 1).set("a", 2).set("b", 3);
  cache.delete("a");
  cache.delete("nothing");
  cache.clear();
  assert.deepEqual(seen, []);
});

test("falsy values", () => {
  const { cache, seen } = recorded({ max: 1 });
  cache.set("", undefined).set(0, null).set("x", 1);
  assert.deepEqual(seen, [["", undefined, "size"], [0, null, "size"]]);
});

test("the entry is gone when the function is called", () => {
  const sizes = [];
  const cache = new Cache({ max: 1, onEvict: (key) => sizes.push(cache.has(key), cache.size) });
  cache.set("a", 1).set("b", 2);
  assert.deepEqual(sizes, [false, 1]);
});

test("without it as before, and through memoize", () => {
  const cache = new Cache({ max: 1 });
  cache.set("a", 1).set("b", 2);
  assert.deepEqual(cache.keys(), ["b"]);
  const seen = [];
  const twice = memoize((n) => 2 * n, { max: 1, onEvict: (...args) => seen.push(args) });
  twice(1);
  twice(2);
  assert.deepEqual(seen, [[1, 2, "size"]]);
});

test("index.d.ts", () => {
  const types = readFileSync("index.d.ts", "utf8").replace(/\/\*[^]*?\*\/|\/\/.*$/gm, "").replace(/\s+/g, " ");
  const options = /(?:interface|type) CacheOptions<[^>]*>\s*=?\s*\{(.*?)\} *;? *(?:export|declare|$)/.exec(types);
  assert.ok(options, "CacheOptions is still there");
  assert.match(options[1], /\bonEvict\s*\??\s*[:(]/);
  assert.match(options[1], /\bonEvict(\?\s*:|\?\s*\(|\s*:.*\|\s*undefined)/, "onEvict is optional");
  assert.match(types, /["']size["']/);
  assert.match(types, /["']expired["']/);
  for (const name of ["max?: number", "ttl?: number", "now?: () => number"]) assert.ok(types.includes(name), name);
});

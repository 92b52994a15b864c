"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const { buildSitemaps } = require("./lib");
const pages = (n) => Array.from({ length: n }, (_, i) => ({ path: `/p/${i}` }));
const names = (n) => buildSitemaps("https://example.org", pages(n)).map((file) => file.name);

test("50,000 addresses in a file", () => {
  assert.deepEqual(names(5001), ["sitemap.xml"]);
  assert.deepEqual(names(50000), ["sitemap.xml"]);
  assert.deepEqual(names(50001), ["sitemap.xml", "sitemap-1.xml", "sitemap-2.xml"]);
  assert.equal(names(100000).length, 3);
});

test("the other limits stay", () => {
  const limits = require("./lib/limits");
  assert.equal(limits.MAX_SITEMAPS, 50000);
  assert.throws(() => buildSitemaps("https://example.org", [{ path: "/" + "x".repeat(3000) }]), /too long/);
});

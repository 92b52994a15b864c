"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const { buildSitemaps } = require("..");

test("one small file", () => {
  const [file, ...more] = buildSitemaps("https://example.org/", [{ path: "/a?x=1&y=2", lastmod: "2026-02-01", priority: 0.8 }]);
  assert.equal(more.length, 0);
  assert.equal(file.name, "sitemap.xml");
  assert.match(file.xml, /<loc>https:\/\/example\.org\/a\?x=1&amp;y=2<\/loc>/);
  assert.match(file.xml, /<lastmod>2026-02-01<\/lastmod><priority>0\.8<\/priority>/);
});

test("an unknown frequency", () => {
  assert.throws(() => buildSitemaps("https://example.org", [{ path: "/", changefreq: "often" }]), /unknown changefreq: often/);
});

test("an address that is too long", () => {
  assert.throws(() => buildSitemaps("https://example.org", [{ path: "/" + "x".repeat(3000) }]), /too long/);
});

test("a very large site gets an index", () => {
  const pages = Array.from({ length: 120000 }, (_, i) => ({ path: `/p/${i}` }));
  const files = buildSitemaps("https://example.org", pages);
  assert.ok(files.length > 2);
  assert.match(files[0].xml, /<loc>https:\/\/example\.org\/sitemap-1\.xml<\/loc>/);
  const locs = files.slice(1).flatMap((file) => file.xml.match(/<loc>/g));
  assert.equal(locs.length, 120000);
});

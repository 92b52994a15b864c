"use strict";

const assert = require("node:assert/strict");
const { createApp } = require("../app");
const { Store } = require("../lib/store");
const { parseForm, parseCookies, splitUrl } = require("../lib/request");
const { splitTags } = require("../lib/check");

function shelf() {
  const saved = [];
  const store = new Store(
    [
      { id: 1, url: "https://example.org/bread", title: "Bread & butter", tags: ["food"], added: "2026-01-01T00:00:00.000Z" },
      { id: 2, url: "https://example.net/", title: "Trains", tags: ["travel", "c++"], added: "2026-01-02T00:00:00.000Z" },
    ],
    { save: (links) => saved.push(links.length), now: () => new Date(0) }
  );
  const app = createApp(store);
  return {
    saved,
    get: (url, headers) => app.handle({ method: "GET", url, headers }),
    post: (url, body) => app.handle({ method: "POST", url, body }),
  };
}

// requests
assert.deepEqual(parseForm("a=1&b=two+words&c&a=%C3%A9"), { a: "é", b: "two words", c: "" });
assert.deepEqual(splitUrl("/search?q=x%20y#top"), { path: "/search", query: { q: "x y" } });
assert.deepEqual(parseCookies("theme=dark; bad=%; x=1"), { theme: "dark", x: "1" });
assert.deepEqual(splitTags("#Food, travel food"), ["food", "travel"]);

// pages
{
  const { get } = shelf();
  const all = get("/", { cookie: "theme=dark" });
  assert.equal(all.status, 200);
  assert.match(all.body, /class="dark"/);
  assert.ok(all.body.indexOf("Trains") < all.body.indexOf("Bread &amp; butter"));
  assert.match(get("/tags/c%2B%2B").body, /Trains/);
  assert.equal(get("/tags/none").status, 404);
  assert.match(get("/search?q=bread+butter").body, /link-1/);
  assert.equal(get("/search?q=+").status, 303);
  assert.equal(JSON.parse(get("/links/2").body).title, "Trains");
  assert.equal(get("/links/7").status, 404);
  assert.equal(get("/nowhere").status, 404);
  assert.equal(JSON.parse(get("/export").body).length, 2);
}

// changes
{
  const { get, post, saved } = shelf();
  assert.equal(post("/links", "url=https%3A%2F%2Fexample.com%2Fa&tags=one+two").status, 303);
  assert.equal(JSON.parse(get("/links/3").body).title, "example.com");
  assert.equal(post("/links", "url=nothing").status, 422);
  assert.match(post("/links", "url=ftp://example.com/").body, /Only http/);
  assert.equal(post("/links/1/delete").status, 303);
  assert.equal(post("/links/1/delete").status, 404);
  assert.deepEqual(saved, [3, 2]);
  const wrong = post("/export");
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.allow, "GET");
}

console.log("ok");

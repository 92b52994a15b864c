"use strict";

// Asks server.js itself, over streams instead of a port: where the error is
// caught does not matter, as long as there is a 400 and the server lives on.
const assert = require("node:assert/strict");
const fs = require("node:fs");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");
const { Duplex } = require("node:stream");

const shelf = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "shelf-")), "shelf.json");
fs.writeFileSync(shelf, JSON.stringify([{ id: 1, url: "https://example.org/", title: "Half", tags: ["50%", "a b"], added: "2026-01-01T00:00:00.000Z" }]));
process.env.SHELF_FILE = shelf;

let server;
net.Server.prototype.listen = function () {
  server = this;
  return this;
};
require("./server.js");
assert.ok(server, "server.js listens");

function ask(method, url, extra = "") {
  return new Promise((resolve, reject) => {
    let answer = "";
    const timer = setTimeout(() => reject(new Error(`no answer: ${method} ${url}`)), 2000);
    const socket = new Duplex({
      read() {},
      write(part, _encoding, done) {
        answer += part;
        done();
      },
      final(done) {
        clearTimeout(timer);
        resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]));
        done();
      },
    });
    server.emit("connection", socket);
    socket.push(`${method} ${url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${extra}\r\n`);
  });
}

async function main() {
  for (const url of ["/tags/100%", "/tags/%zz", "/links/%E0%A4%A", "/search?q=50%", "/search?%=1", "/?x=%"]) {
    assert.equal(await ask("GET", url), 400, url);
  }
  // the other methods look at the same addresses
  const none = "Content-Length: 0\r\n";
  assert.ok([400, 405].includes(await ask("POST", "/tags/100%", none)));
  assert.equal(await ask("POST", "/links/%/delete", none), 400);
  // what is right stays right
  for (const [url, status] of [["/tags/50%25", 200], ["/tags/a%20b", 200], ["/search?q=50%25", 200], ["/tags/none", 404], ["/links/1", 200], ["/nowhere", 404], ["/search", 303]]) {
    assert.equal(await ask("GET", url), status, url);
  }
  assert.equal(await ask("GET", "/", "Cookie: x=%\r\n"), 200);
}

main().then(
  () => {
    fs.rmSync(path.dirname(shelf), { recursive: true });
    console.log("ok");
    process.exit(0);
  },
  (error) => {
    console.error(error);
    process.exit(1);
  }
);

"use strict";

const http = require("node:http");
const { createApp } = require("./app");
const { openStore } = require("./lib/store");

const LIMIT = 64 * 1024;

function readBody(req) {
  return new Promise((resolve, reject) => {
    let size = 0;
    const parts = [];
    req.on("data", (part) => {
      size += part.length;
      if (size > LIMIT) {
        reject(new Error("body too large"));
        req.destroy();
        return;
      }
      parts.push(part);
    });
    req.on("end", () => resolve(Buffer.concat(parts).toString("utf8")));
    req.on("error", reject);
  });
}

const app = createApp(openStore(process.env.SHELF_FILE || "shelf.json"));

const server = http.createServer(async (req, res) => {
  const body = req.method === "POST" ? await readBody(req) : "";
  const response = app.handle({ method: req.method, url: req.url, headers: req.headers, body });
  res.writeHead(response.status, response.headers);
  res.end(response.body);
});

server.listen(Number(process.env.PORT || 8080), () => {
  console.log(`linkshelf on ${server.address().port}`);
});

"use strict";

function html(status, body) {
  return { status, headers: { "content-type": "text/html; charset=utf-8" }, body };
}

function json(status, value) {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8" },
    body: JSON.stringify(value, null, 2) + "\n",
  };
}

function text(status, body, headers = {}) {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, body };
}

function redirect(to) {
  return { status: 303, headers: { location: to }, body: "" };
}

module.exports = { html, json, text, redirect };

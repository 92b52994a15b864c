"use strict";

function decode(text) {
  return decodeURIComponent(text.replace(/\+/g, " "));
}

/** "a=1&b=two+words" -> { a: "1", b: "two words" }; the last one of a name wins. */
function parseForm(text) {
  const out = {};
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const at = pair.indexOf("=");
    const name = at === -1 ? pair : pair.slice(0, at);
    const value = at === -1 ? "" : pair.slice(at + 1);
    out[decode(name)] = decode(value);
  }
  return out;
}

function splitUrl(url) {
  const withoutHash = url.split("#")[0];
  const at = withoutHash.indexOf("?");
  if (at === -1) return { path: withoutHash, query: {} };
  return { path: withoutHash.slice(0, at), query: parseForm(withoutHash.slice(at + 1)) };
}

/** The cookies of a request. What cannot be read is left out. */
function parseCookies(header) {
  const out = {};
  for (const part of (header || "").split(";")) {
    const at = part.indexOf("=");
    if (at === -1) continue;
    try {
      out[part.slice(0, at).trim()] = decodeURIComponent(part.slice(at + 1).trim());
    } catch {
      // somebody else's cookie
    }
  }
  return out;
}

module.exports = { parseForm, parseCookies, splitUrl };

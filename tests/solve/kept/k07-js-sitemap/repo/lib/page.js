"use strict";

const { element } = require("./xml");
const { MAX_URL_LENGTH } = require("./limits");

const FREQUENCIES = ["always", "hourly", "daily", "weekly", "monthly", "yearly", "never"];

function pageEntry(base, page) {
  const loc = base.replace(/\/+$/, "") + page.path;
  if (loc.length >= MAX_URL_LENGTH) throw new Error(`address too long: ${loc.slice(0, 60)}...`);
  const parts = [element("loc", loc)];
  if (page.lastmod) parts.push(element("lastmod", page.lastmod));
  if (page.changefreq) {
    if (!FREQUENCIES.includes(page.changefreq)) throw new Error(`unknown changefreq: ${page.changefreq}`);
    parts.push(element("changefreq", page.changefreq));
  }
  if (page.priority !== undefined) parts.push(element("priority", page.priority.toFixed(1)));
  return `<url>${parts.join("")}</url>`;
}

module.exports = { pageEntry };

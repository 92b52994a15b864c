"use strict";

const { element } = require("./xml");
const { pageEntry } = require("./page");
const { MAX_SITEMAPS, MAX_URLS } = require("./limits");

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"';

function chunks(list, size) {
  const out = [];
  for (let i = 0; i < list.length; i += size) out.push(list.slice(i, i + size));
  return out;
}

function urlset(base, pages) {
  return `${HEAD}<urlset ${NS}>\n${pages.map((page) => pageEntry(base, page)).join("\n")}\n</urlset>\n`;
}

function sitemapIndex(base, names) {
  const root = base.replace(/\/+$/, "");
  const entries = names.map((name) => `<sitemap>${element("loc", `${root}/${name}`)}</sitemap>`);
  return `${HEAD}<sitemapindex ${NS}>\n${entries.join("\n")}\n</sitemapindex>\n`;
}

// Returns [{ name, xml }]: one sitemap.xml, or an index of that name and the files it names.
function buildSitemaps(base, pages) {
  if (pages.length <= MAX_URLS) return [{ name: "sitemap.xml", xml: urlset(base, pages) }];
  const groups = chunks(pages, MAX_URLS);
  if (groups.length > MAX_SITEMAPS) throw new Error("too many pages for one index");
  const files = groups.map((group, i) => ({ name: `sitemap-${i + 1}.xml`, xml: urlset(base, group) }));
  return [{ name: "sitemap.xml", xml: sitemapIndex(base, files.map((file) => file.name)) }, ...files];
}

module.exports = { buildSitemaps };

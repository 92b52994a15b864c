"use strict";

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function esc(text) {
  return String(text).replace(/[&<>"]/g, (c) => ENTITIES[c]);
}

function page(title, content, theme) {
  return [
    "<!doctype html>",
    `<html lang="en"${theme === "dark" ? ' class="dark"' : ""}>`,
    `<title>${esc(title)}</title>`,
    content,
    "</html>",
    "",
  ].join("\n");
}

function tagLinks(tags) {
  return tags.map((tag) => `<a class="tag" href="/tags/${encodeURIComponent(tag)}">#${esc(tag)}</a>`).join(" ");
}

function item(link) {
  return `<li id="link-${link.id}"><a href="${esc(link.url)}">${esc(link.title)}</a> ${tagLinks(link.tags)}</li>`;
}

function list({ title, links, theme }) {
  const content = links.length === 0 ? "<p>Nothing here yet.</p>" : `<ul>\n${links.map(item).join("\n")}\n</ul>`;
  return page(title, `<h1>${esc(title)}</h1>\n${content}`, theme);
}

function message(words) {
  return page("linkshelf", `<p>${esc(words)}</p>`);
}

function problems(all) {
  return page("That did not work", `<ul class="problems">\n${all.map((p) => `<li>${esc(p)}</li>`).join("\n")}\n</ul>`);
}

module.exports = { esc, list, message, problems };

"use strict";

const MAX_TITLE = 200;

function splitTags(text) {
  const tags = (text || "")
    .split(/[\s,]+/)
    .map((tag) => tag.replace(/^#/, "").toLowerCase())
    .filter((tag) => tag !== "");
  return [...new Set(tags)];
}

/**
 * What somebody typed into the form, as a link, and what is wrong with it.
 * @param {Record<string, string>} form
 */
function checkLink(form) {
  const problems = [];
  let url = null;
  try {
    url = new URL((form.url || "").trim());
  } catch {
    problems.push("That is not an address.");
  }
  if (url && url.protocol !== "http:" && url.protocol !== "https:") {
    problems.push("Only http and https.");
  }
  const title = (form.title || "").trim();
  if (title.length > MAX_TITLE) problems.push(`The title is longer than ${MAX_TITLE} characters.`);
  return {
    problems,
    link: { url: url ? url.href : "", title: title || (url ? url.hostname : ""), tags: splitTags(form.tags) },
  };
}

module.exports = { checkLink, splitTags };

"use strict";

const { createRouter } = require("./lib/router");
const { parseForm, parseCookies, splitUrl } = require("./lib/request");
const { html, json, redirect, text } = require("./lib/response");
const { checkLink } = require("./lib/check");
const views = require("./lib/views");

/**
 * The application, without a network.
 * @param {import("./lib/store").Store} store
 */
function createApp(store) {
  const router = createRouter();

  router.get("/", (req) => {
    return html(200, views.list({ title: "All links", links: store.newest(), theme: req.cookies.theme }));
  });

  router.get("/tags/:tag", (req) => {
    const links = store.withTag(req.params.tag);
    if (links.length === 0) return html(404, views.message(`Nothing is tagged ${req.params.tag}.`));
    return html(200, views.list({ title: `#${req.params.tag}`, links, theme: req.cookies.theme }));
  });

  router.get("/search", (req) => {
    const words = (req.query.q || "").trim();
    if (words === "") return redirect("/");
    return html(200, views.list({ title: `Search: ${words}`, links: store.search(words), theme: req.cookies.theme }));
  });

  router.get("/links/:id", (req) => {
    const link = store.get(Number(req.params.id));
    return link ? json(200, link) : json(404, { error: "no such link" });
  });

  router.post("/links", (req) => {
    const { link, problems } = checkLink(parseForm(req.body));
    if (problems.length > 0) return html(422, views.problems(problems));
    store.add(link);
    return redirect("/");
  });

  router.post("/links/:id/delete", (req) => {
    return store.remove(Number(req.params.id)) ? redirect("/") : html(404, views.message("No such link."));
  });

  router.get("/export", () => json(200, store.newest()));

  router.get("/health", () => text(200, "ok\n"));

  return {
    /** @returns {{ status: number, headers: Record<string, string>, body: string }} */
    handle({ method, url, headers = {}, body = "" }) {
      const { path, query } = splitUrl(url);
      const found = router.match(method, path);
      if (!found) {
        const allowed = router.allowed(path);
        if (allowed.length > 0) return text(405, "method not allowed\n", { allow: allowed.join(", ") });
        return html(404, views.message("There is no such page."));
      }
      const cookies = parseCookies(headers.cookie);
      return found.handler({ method, path, query, params: found.params, headers, cookies, body });
    },
  };
}

module.exports = { createApp };

"use strict";

// "/links/:id/delete" -> ["links", ":id", "delete"]
function segments(path) {
  return path.split("/").filter((part) => part !== "");
}

function matchSegments(pattern, actual) {
  if (pattern.length !== actual.length) return null;
  const params = {};
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i].startsWith(":")) {
      params[pattern[i].slice(1)] = decodeURIComponent(actual[i]);
    } else if (pattern[i] !== actual[i]) {
      return null;
    }
  }
  return params;
}

function createRouter() {
  const routes = [];

  function add(method, path, handler) {
    routes.push({ method, pattern: segments(path), handler });
  }

  return {
    get: (path, handler) => add("GET", path, handler),
    post: (path, handler) => add("POST", path, handler),

    /** The route for a request and the values of its parameters, or null. */
    match(method, path) {
      const actual = segments(path);
      for (const route of routes) {
        if (route.method !== method) continue;
        const params = matchSegments(route.pattern, actual);
        if (params) return { handler: route.handler, params };
      }
      return null;
    },

    /** The methods that a path has, for the 405. */
    allowed(path) {
      const actual = segments(path);
      const methods = routes.filter((route) => matchSegments(route.pattern, actual)).map((route) => route.method);
      return [...new Set(methods)].sort();
    },
  };
}

module.exports = { createRouter };

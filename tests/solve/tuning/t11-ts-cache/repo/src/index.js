export { Cache } from "./cache.js";
export { memoize } from "./memoize.js";

// @ts-check
import { Cache } from "./cache.js";

/**
 * @template A, R
 * @param {(arg: A) => R} fn
 * @param {import("../index.d.ts").CacheOptions<A, R>} [options]
 * @returns {(arg: A) => R}
 */
export function memoize(fn, options) {
  const cache = new Cache(options);
  return (arg) => {
    if (cache.has(arg)) return /** @type {R} */ (cache.get(arg));
    const result = fn(arg);
    cache.set(arg, result);
    return result;
  };
}

// @ts-check

/**
 * @template K, V
 * @typedef {import("../index.d.ts").CacheOptions<K, V>} CacheOptions
 */

/**
 * @template V
 * @typedef {{ value: V, expires: number }} Entry
 */

/**
 * @template K, V
 */
export class Cache {
  /** @type {Map<K, Entry<V>>} least recently used first */
  #entries = new Map();
  #max;
  #ttl;
  #now;

  /** @param {CacheOptions<K, V>} [options] */
  constructor({ max = 1000, ttl = 0, now = Date.now } = {}) {
    if (!Number.isInteger(max) || max < 1) throw new RangeError("max must be a whole number above 0");
    if (!(ttl >= 0)) throw new RangeError("ttl must not be negative");
    this.#max = max;
    this.#ttl = ttl;
    this.#now = now;
  }

  get size() {
    return this.#entries.size;
  }

  /** @param {K} key */
  get(key) {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (this.#tooOld(entry)) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** @param {K} key */
  has(key) {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    if (this.#tooOld(entry)) {
      this.#entries.delete(key);
      return false;
    }
    return true;
  }

  /**
   * @param {K} key
   * @param {V} value
   */
  set(key, value) {
    this.#entries.delete(key);
    const expires = this.#ttl > 0 ? this.#now() + this.#ttl : Infinity;
    this.#entries.set(key, { value, expires });
    if (this.#entries.size > this.#max) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest);
    }
    return this;
  }

  /** @param {K} key */
  delete(key) {
    return this.#entries.delete(key);
  }

  clear() {
    this.#entries.clear();
  }

  prune() {
    let count = 0;
    for (const [key, entry] of this.#entries) {
      if (this.#tooOld(entry)) {
        this.#entries.delete(key);
        count++;
      }
    }
    return count;
  }

  keys() {
    return [...this.#entries.keys()];
  }

  /** @param {Entry<V>} entry */
  #tooOld(entry) {
    return entry.expires <= this.#now();
  }
}

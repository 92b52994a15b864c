// Types of pantry-cache. Keep in step with src/cache.js.

export interface CacheOptions<K, V> {
  /** How many entries are kept at most. */
  max?: number;
  /** After how many milliseconds an entry is too old. 0: never. */
  ttl?: number;
  /** The clock, for tests. */
  now?: () => number;
}

export declare class Cache<K, V> {
  constructor(options?: CacheOptions<K, V>);

  /** How many entries are held, those that are too old included. */
  readonly size: number;

  /** The value, or undefined. Counts as a use. */
  get(key: K): V | undefined;

  /** Whether there is a value that is still good. Does not count as a use. */
  has(key: K): boolean;

  /** Puts a value in, and throws the oldest out when there are too many. */
  set(key: K, value: V): this;

  /** Takes an entry out. */
  delete(key: K): boolean;

  /** Takes everything out. */
  clear(): void;

  /** Takes out what is too old, and says how many that were. */
  prune(): number;

  /** The keys, least recently used first. */
  keys(): K[];
}

/** Wraps a function of one argument so that its results are kept. */
export declare function memoize<A, R>(fn: (arg: A) => R, options?: CacheOptions<A, R>): (arg: A) => R;

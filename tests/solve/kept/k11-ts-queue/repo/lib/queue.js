"use strict";

const { withTimeout } = require("./timeout");

/**
 * @typedef {object} Waiting
 * @property {() => unknown} job
 * @property {number} priority
 * @property {number | undefined} timeout
 * @property {(value: any) => void} resolve
 * @property {(reason: unknown) => void} reject
 */

class Queue {
  /** @param {import("./index").QueueOptions} [options] */
  constructor({ concurrency = 1, paused = false } = {}) {
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new RangeError("concurrency must be a whole number above 0");
    }
    this._concurrency = concurrency;
    this._paused = paused;
    this._running = 0;
    /** @type {Waiting[]} */
    this._waiting = [];
    /** @type {(() => void)[]} */
    this._idle = [];
  }

  get waiting() {
    return this._waiting.length;
  }

  get running() {
    return this._running;
  }

  add(job, { priority = 0, timeout } = {}) {
    return new Promise((resolve, reject) => {
      const entry = { job, priority, timeout, resolve, reject };
      const at = this._waiting.findIndex((other) => other.priority < priority);
      if (at === -1) this._waiting.push(entry);
      else this._waiting.splice(at, 0, entry);
      this._next();
    });
  }

  pause() {
    this._paused = true;
  }

  resume() {
    this._paused = false;
    this._next();
  }

  clear() {
    this._waiting = [];
  }

  onIdle() {
    if (this._running === 0 && this._waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this._idle.push(resolve);
    });
  }

  _next() {
    while (!this._paused && this._running < this._concurrency && this._waiting.length > 0) {
      this._run(this._waiting.shift());
    }
  }

  /** @param {Waiting} entry */
  async _run({ job, timeout, resolve, reject }) {
    this._running++;
    try {
      resolve(await withTimeout(Promise.resolve().then(job), timeout));
    } catch (error) {
      reject(error);
    }
    this._running--;
    this._next();
    if (this._running === 0 && this._waiting.length === 0) {
      for (const done of this._idle.splice(0)) done();
    }
  }
}

module.exports = { Queue };

"use strict";

const { TimeoutError } = require("./errors");

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number | undefined} milliseconds
 * @returns {Promise<T>}
 */
function withTimeout(promise, milliseconds) {
  if (milliseconds === undefined) return promise;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError(milliseconds)), milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

module.exports = { withTimeout };

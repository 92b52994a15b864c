"use strict";

class TimeoutError extends Error {
  /** @param {number} milliseconds */
  constructor(milliseconds) {
    super(`the job took longer than ${milliseconds} ms`);
    this.name = "TimeoutError";
  }
}

module.exports = { TimeoutError };

"use strict";

const { Queue } = require("./queue");
const { TimeoutError } = require("./errors");

module.exports = { Queue, TimeoutError };

"use strict";

// Limits of the sitemaps.org protocol.
module.exports = {
  MAX_URLS: 5000,
  MAX_SITEMAPS: 50000,
  MAX_URL_LENGTH: 2048,
};

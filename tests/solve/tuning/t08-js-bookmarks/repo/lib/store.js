"use strict";

const fs = require("node:fs");

/** @typedef {{ id: number, url: string, title: string, tags: string[], added: string }} Link */

class Store {
  /**
   * @param {Link[]} links
   * @param {{ save?: (links: Link[]) => void, now?: () => Date }} [options]
   */
  constructor(links = [], { save = () => {}, now = () => new Date() } = {}) {
    this.links = links;
    this.save = save;
    this.now = now;
  }

  get(id) {
    return this.links.find((link) => link.id === id) || null;
  }

  newest() {
    return [...this.links].sort((a, b) => b.id - a.id);
  }

  withTag(tag) {
    return this.newest().filter((link) => link.tags.includes(tag.toLowerCase()));
  }

  search(words) {
    const wanted = words.toLowerCase().split(/\s+/);
    return this.newest().filter((link) => {
      const hay = `${link.title} ${link.url}`.toLowerCase();
      return wanted.every((word) => hay.includes(word));
    });
  }

  add({ url, title, tags }) {
    const id = this.links.reduce((max, link) => Math.max(max, link.id), 0) + 1;
    const link = { id, url, title, tags, added: this.now().toISOString() };
    this.links.push(link);
    this.save(this.links);
    return link;
  }

  remove(id) {
    const at = this.links.findIndex((link) => link.id === id);
    if (at === -1) return false;
    this.links.splice(at, 1);
    this.save(this.links);
    return true;
  }
}

/** A store that lives in a JSON file. */
function openStore(path) {
  const links = fs.existsSync(path) ? JSON.parse(fs.readFileSync(path, "utf8")) : [];
  return new Store(links, {
    save(all) {
      fs.writeFileSync(`${path}.new`, JSON.stringify(all, null, 2));
      fs.renameSync(`${path}.new`, path);
    },
  });
}

module.exports = { Store, openStore };

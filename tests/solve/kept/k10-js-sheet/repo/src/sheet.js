import { bounds, cellsOf, formatAddress, inSheet } from "./address.js";
import { CIRC, CellError, CommandError } from "./errors.js";
import { evaluate } from "./evaluate.js";
import { parseFormula } from "./parse.js";
import { printFormula } from "./print.js";
import { areasIn, rowDeleted, rowInserted, shiftRefs } from "./refs.js";
import { compare, isError, readValue } from "./values.js";

/**
 * A cell: what was typed in, and for a formula the tree, or the error when it
 * could not be read.
 * @typedef {{ raw: string, tree: object | null, problem: CellError | null }} Cell
 */

const key = (col, row) => `${col},${row}`;

/** @returns {Cell} */
function makeCell(raw) {
  if (!raw.startsWith("=")) return { raw, tree: null, problem: null };
  try {
    return { raw, tree: parseFormula(raw.slice(1)), problem: null };
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    return { raw, tree: null, problem: error };
  }
}

export class Sheet {
  /** @type {Map<string, Cell>} */
  #cells = new Map();
  /** @type {Map<string, string>} */
  #formats = new Map();
  #values = new Map();
  #working = new Set();

  set({ col, row }, raw) {
    if (raw === "") this.#cells.delete(key(col, row));
    else this.#cells.set(key(col, row), makeCell(raw));
    this.#values.clear();
  }

  raw({ col, row }) {
    return this.#cells.get(key(col, row))?.raw ?? "";
  }

  /** The value of a cell, worked out when it is asked for and kept until something changes. */
  value({ col, row }) {
    const k = key(col, row);
    if (this.#values.has(k)) return this.#values.get(k);
    const cell = this.#cells.get(k);
    if (!cell) return null;
    if (cell.problem) return cell.problem;
    if (!cell.tree) return readValue(cell.raw);
    if (this.#working.has(k)) return CIRC;
    this.#working.add(k);
    let value;
    try {
      value = evaluate(cell.tree, (c, r) => this.value({ col: c, row: r }));
    } finally {
      this.#working.delete(k);
    }
    // an empty cell that is referred to counts as 0
    if (value === null) value = 0;
    this.#values.set(k, value);
    return value;
  }

  setFormat(area, format) {
    for (const { col, row } of cellsOf(area)) this.#formats.set(key(col, row), format);
  }

  format({ col, row }) {
    return this.#formats.get(key(col, row)) ?? null;
  }

  clear(area) {
    for (const { col, row } of cellsOf(area)) this.#cells.delete(key(col, row));
    this.#values.clear();
  }

  /** The smallest area from A1 that has all cells, or null for an empty sheet. */
  used() {
    let right = -1;
    let bottom = -1;
    for (const k of this.#cells.keys()) {
      const [col, row] = k.split(",").map(Number);
      right = Math.max(right, col);
      bottom = Math.max(bottom, row);
    }
    return right === -1 ? null : { from: { col: 0, row: 0 }, to: { col: right, row: bottom } };
  }

  /** What is in a cell, as it has to be in another place. */
  #moved(cell, cols, rows) {
    if (!cell) return "";
    return cell.tree ? `=${printFormula(shiftRefs(cell.tree, cols, rows))}` : cell.raw;
  }

  /** Copies an area; `target` is the new upper left corner. */
  copy(area, target) {
    const { left, top, right, bottom } = bounds(area);
    const cols = target.col - left;
    const rows = target.row - top;
    if (!inSheet(right + cols, bottom + rows)) throw new CommandError("there is not enough room");
    const changes = [...cellsOf(area)].map(({ col, row }) => ({
      at: { col: col + cols, row: row + rows },
      raw: this.#moved(this.#cells.get(key(col, row)), cols, rows),
      format: this.format({ col, row }),
    }));
    for (const { at, raw, format } of changes) {
      this.set(at, raw);
      if (format !== null) this.#formats.set(key(at.col, at.row), format);
    }
  }

  /** Copies one cell into all of an area. */
  fill(source, area) {
    const cell = this.#cells.get(key(source.col, source.row));
    const format = this.format(source);
    for (const { col, row } of [...cellsOf(area)]) {
      if (col === source.col && row === source.row) continue;
      this.set({ col, row }, this.#moved(cell, col - source.col, row - source.row));
      if (format !== null) this.#formats.set(key(col, row), format);
    }
  }

  /** Moves cells and formats to other rows, and rewrites all formulas. */
  #renumber(newRow, rewrite) {
    const moved = (map) => {
      const out = new Map();
      for (const [k, entry] of map) {
        const [col, row] = k.split(",").map(Number);
        const to = newRow(row);
        if (to !== null && inSheet(col, to)) out.set(key(col, to), entry);
      }
      return out;
    };
    this.#cells = moved(this.#cells);
    this.#formats = moved(this.#formats);
    for (const [k, cell] of this.#cells) {
      if (!cell.tree) continue;
      const text = printFormula(rewrite(cell.tree));
      if (text !== printFormula(cell.tree)) this.#cells.set(k, makeCell(`=${text}`));
    }
    this.#values.clear();
  }

  insertRow(at) {
    this.#renumber((row) => (row >= at ? row + 1 : row), (tree) => rowInserted(tree, at));
  }

  deleteRow(at) {
    this.#renumber((row) => (row === at ? null : row > at ? row - 1 : row), (tree) => rowDeleted(tree, at));
  }

  /** Sorts the rows of an area by the values of a column. Formulas may not be in it. */
  sort(area, column, down) {
    const { left, top, right, bottom } = bounds(area);
    if (column < left || column > right) throw new CommandError("that column is not in the area");
    const rows = [];
    for (let row = top; row <= bottom; row++) {
      const raws = [];
      for (let col = left; col <= right; col++) raws.push(this.raw({ col, row }));
      if (raws.some((raw) => raw.startsWith("="))) throw new CommandError("cannot sort formulas");
      rows.push({ raws, value: this.value({ col: column, row }) });
    }
    const rank = (value) => (value === null || isError(value) ? 1 : 0);
    rows.sort((a, b) => {
      if (rank(a.value) || rank(b.value)) return rank(a.value) - rank(b.value);
      return down ? compare(b.value, a.value) : compare(a.value, b.value);
    });
    rows.forEach(({ raws }, i) => raws.forEach((raw, j) => this.set({ col: left + j, row: top + i }, raw)));
  }

  /** The addresses of the cells that a cell is made of, in the order in which they are named. */
  dependencies({ col, row }) {
    const tree = this.#cells.get(key(col, row))?.tree;
    if (!tree) return [];
    return [...new Set(areasIn(tree).flatMap((area) => [...cellsOf(area)].map(formatAddress)))];
  }

  /** The addresses of the cells that need a cell, row by row. */
  users(address) {
    const wanted = formatAddress(address);
    const area = this.used();
    if (!area) return [];
    return [...cellsOf(area)].filter((at) => this.dependencies(at).includes(wanted)).map(formatAddress);
  }
}

import { bounds, inSheet } from "./address.js";
import { REF } from "./errors.js";

const GONE = { type: "error", error: REF };

/**
 * The tree with every ref and range replaced by what the functions give.
 * @param {(ref: object) => object} onRef
 * @param {(range: object) => object} onRange
 */
export function mapRefs(node, onRef, onRange) {
  const go = (child) => mapRefs(child, onRef, onRange);
  switch (node.type) {
    case "ref":
      return onRef(node);
    case "range":
      return onRange(node);
    case "call":
      return node.args === null ? node : { ...node, args: node.args.map(go) };
    case "percent":
    case "unary":
      return { ...node, arg: go(node.arg) };
    case "binary":
      return { ...node, left: go(node.left), right: go(node.right) };
    default:
      return node;
  }
}

/** The tree as it has to be so many columns further right and rows further down. */
export function shiftRefs(tree, cols, rows) {
  const move = ({ col, row }) => ({ col: col + cols, row: row + rows });
  const ok = ({ col, row }) => inSheet(col, row);
  return mapRefs(
    tree,
    (ref) => {
      const moved = move(ref);
      return ok(moved) ? { type: "ref", col: moved.col, row: moved.row } : GONE;
    },
    (range) => {
      const from = move(range.from);
      const to = move(range.to);
      return ok(from) && ok(to) ? { type: "range", from, to } : GONE;
    }
  );
}

/** The tree after a new row has come in above the row `at`. */
export function rowInserted(tree, at) {
  const move = ({ col, row }) => ({ col, row: row >= at ? row + 1 : row });
  const ok = ({ col, row }) => inSheet(col, row);
  return mapRefs(
    tree,
    (ref) => {
      const moved = move(ref);
      return ok(moved) ? { type: "ref", col: moved.col, row: moved.row } : GONE;
    },
    (range) => {
      const from = move(range.from);
      const to = move(range.to);
      return ok(from) && ok(to) ? { type: "range", from, to } : GONE;
    }
  );
}

/** The tree after the row `at` was taken away. */
export function rowDeleted(tree, at) {
  return mapRefs(
    tree,
    (ref) => {
      if (ref.row === at) return GONE;
      return { type: "ref", col: ref.col, row: ref.row > at ? ref.row - 1 : ref.row };
    },
    (range) => {
      const { top, bottom } = bounds(range);
      if (top === at && bottom === at) return GONE;
      // the lower end moves up when it is the row that goes, the upper one stays
      const move = ({ col, row }) => ({ col, row: row > at || (row === at && row === bottom) ? row - 1 : row });
      return { type: "range", from: move(range.from), to: move(range.to) };
    }
  );
}

/** The areas that a tree refers to: [{ from, to }]. */
export function areasIn(tree) {
  const out = [];
  mapRefs(
    tree,
    (ref) => {
      out.push({ from: { col: ref.col, row: ref.row }, to: { col: ref.col, row: ref.row } });
      return ref;
    },
    (range) => {
      out.push({ from: range.from, to: range.to });
      return range;
    }
  );
  return out;
}

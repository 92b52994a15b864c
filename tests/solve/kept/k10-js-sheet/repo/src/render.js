import { bounds, colName } from "./address.js";
import { display } from "./format.js";

function grid(sheet, area) {
  const { left, top, right, bottom } = bounds(area);
  const rows = [];
  for (let row = top; row <= bottom; row++) {
    const cells = [];
    for (let col = left; col <= right; col++) {
      const value = sheet.value({ col, row });
      cells.push({ text: display(value, sheet.format({ col, row })), right: typeof value === "number" });
    }
    rows.push({ name: String(row + 1), cells });
  }
  return rows;
}

/** A table with the names of the columns and rows. Numbers stand on the right. */
export function tableLines(sheet, area) {
  const { left } = bounds(area);
  const rows = grid(sheet, area);
  const widths = rows[0].cells.map((_, i) =>
    Math.max(colName(left + i).length, ...rows.map(({ cells }) => [...cells[i].text].length))
  );
  const margin = Math.max(...rows.map(({ name }) => name.length));
  const head = widths.map((width, i) => colName(left + i).padEnd(width)).join(" | ");
  const lines = rows.map(({ name, cells }) => {
    const texts = cells.map(({ text, right }, i) => (right ? text.padStart(widths[i]) : text.padEnd(widths[i])));
    return `${name.padStart(margin)} | ${texts.join(" | ")}`.trimEnd();
  });
  return [`${" ".repeat(margin)} | ${head}`.trimEnd(), ...lines];
}

/** The values of an area as lines of CSV. */
export function csvLines(sheet, area) {
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
  return grid(sheet, area).map(({ cells }) => cells.map(({ text }) => quoted(text)).join(","));
}

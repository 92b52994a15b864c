import { formatDate, weekNumber, weekday } from "./dates.js";

function table(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd());
}

function slackText(task) {
  return task.critical ? "critical" : `${task.slack}d`;
}

export function taskTable(scheduled) {
  const rows = [["task", "from", "to", "who", "slack"]];
  for (const task of scheduled.tasks) {
    rows.push([task.name, formatDate(task.first), formatDate(task.last), task.who ?? "", slackText(task)]);
  }
  return table(rows);
}

/** One character a working day; a new week begins with its number. */
function weeksLine(scheduled) {
  let line = "";
  for (let n = 0; n < scheduled.days; n++) {
    const day = scheduled.calendar.date(n);
    if (n === 0 || weekday(day) < weekday(scheduled.calendar.date(n - 1))) {
      line = line.padEnd(n) + `w${weekNumber(day)}`;
    }
  }
  return line;
}

export function bars(scheduled) {
  const width = Math.max(4, ...scheduled.tasks.map((task) => task.name.length));
  const rows = scheduled.tasks.map((task) => {
    const mark = task.critical ? "#" : "=";
    const bar = task.days === 0 ? `${" ".repeat(Math.max(0, task.end - 1))}*` : " ".repeat(task.begin) + mark.repeat(task.days);
    return `${task.name.padEnd(width)}  ${bar}`;
  });
  return [`${"".padEnd(width)}  ${weeksLine(scheduled)}`.trimEnd(), ...rows];
}

import { Calendar } from "./calendar.js";
import { PlanError } from "./errors.js";

/** The tasks in an order in which each comes later than those it depends on. */
export function inOrder(tasks) {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const state = new Map();
  const out = [];

  function visit(task, path) {
    if (state.get(task.name) === "done") return;
    if (state.get(task.name) === "open") {
      const circle = [...path.slice(path.indexOf(task.name)), task.name];
      throw new PlanError(`these wait for each other: ${circle.join(" -> ")}`, task.line);
    }
    state.set(task.name, "open");
    for (const other of task.after) visit(byName.get(other), [...path, task.name]);
    state.set(task.name, "done");
    out.push(task);
  }

  for (const task of tasks) visit(task, []);
  return out;
}

/**
 * When everything happens. `begin` and `end` are numbers of working days (the
 * end is the first one that is free again), `first` and `last` are dates.
 * @param {import("./parse.js").Plan} plan
 */
export function schedule(plan) {
  const calendar = new Calendar(plan.start, plan.holidays.map((h) => h.day));
  const order = inOrder(plan.tasks);

  const begin = new Map();
  const end = new Map();
  for (const task of order) {
    const from = Math.max(0, ...task.after.map((other) => end.get(other)));
    begin.set(task.name, from);
    end.set(task.name, from + task.days);
  }
  const finish = Math.max(0, ...end.values());

  // How late may it end? As late as the earliest of those that wait for it must begin.
  const latest = new Map(order.map((task) => [task.name, finish]));
  for (const task of [...order].reverse()) {
    const mustBegin = latest.get(task.name) - task.days;
    for (const other of task.after) latest.set(other, Math.min(latest.get(other), mustBegin));
  }

  const tasks = plan.tasks.map((task) => {
    const from = begin.get(task.name);
    const to = end.get(task.name);
    const last = calendar.date(Math.max(0, to - 1));
    const first = task.days === 0 ? last : calendar.date(from);
    const slack = latest.get(task.name) - to;
    return { ...task, begin: from, end: to, first, last, slack, critical: slack === 0 };
  });
  return { title: plan.title, tasks, days: finish, finish: calendar.date(Math.max(0, finish - 1)), calendar };
}

/** The critical tasks, in the order in which they happen. */
export function criticalPath(scheduled) {
  return scheduled.tasks.filter((task) => task.critical).sort((a, b) => a.begin - b.begin || a.end - b.end);
}

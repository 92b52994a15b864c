const LONG = 10;

/** What looks odd in a plan that is not wrong. */
export function lint(plan) {
  const warnings = [];
  const waitedFor = new Set(plan.tasks.flatMap((task) => task.after));
  for (const task of plan.tasks) {
    const warn = (message) => warnings.push(`line ${task.line}: ${task.name}: ${message}`);
    if (task.days > LONG) warn(`longer than ${LONG} days, can it be cut?`);
    if (task.days > 0 && task.who === null) warn("nobody does it");
    if (task.days > 0 && !waitedFor.has(task.name)) warn("nothing waits for it");
    if (task.days === 0 && task.after.length === 0) warn("a milestone that waits for nothing");
  }
  return warnings;
}

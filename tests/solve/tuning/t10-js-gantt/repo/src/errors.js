/** Something is wrong with the plan, and the person who wrote it can mend it. */
export class PlanError extends Error {
  /**
   * @param {string} message
   * @param {number} [line] counted from 1
   */
  constructor(message, line) {
    super(line === undefined ? message : `line ${line}: ${message}`);
    this.name = "PlanError";
    this.line = line;
  }
}

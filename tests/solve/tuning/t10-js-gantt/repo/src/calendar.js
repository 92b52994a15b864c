import { weekday } from "./dates.js";

/** Knows which days are worked. Working days are counted from the start, which is 0. */
export class Calendar {
  #holidays;
  #days = [];

  /**
   * @param {number} start
   * @param {Iterable<number>} holidays
   */
  constructor(start, holidays = []) {
    this.#holidays = new Set(holidays);
    let day = start;
    while (!this.isWorkday(day)) day++;
    this.#days.push(day);
  }

  isWorkday(day) {
    return weekday(day) < 5 && !this.#holidays.has(day);
  }

  /** The date of the working day with that number. */
  date(n) {
    while (this.#days.length <= n) {
      let day = this.#days.at(-1) + 1;
      while (!this.isWorkday(day)) day++;
      this.#days.push(day);
    }
    return this.#days[n];
  }
}

import { CHECK_IN, CROSSING, FIRST_BOAT, LAST_BOAT, TURNAROUND } from "./rules.js";
import { toMinutes, toText } from "./clock.js";

// One boat goes to and fro all day, so the time between two departures from
// our side is there, wait, back, wait.
const ROUND_TRIP = 2 * (CROSSING + TURNAROUND);

export function departures() {
  const out = [];
  for (let m = toMinutes(FIRST_BOAT); m <= toMinutes(LAST_BOAT); m += ROUND_TRIP) {
    out.push(toText(m));
  }
  return out;
}

export function nextDepartures(now, count = 3) {
  return departures().filter((time) => toMinutes(time) >= toMinutes(now)).slice(0, count);
}

export function arrival(departure) {
  return toText(toMinutes(departure) + CROSSING);
}

/** The last moment somebody travelling like that may check in. */
export function checkInEnds(departure, kind) {
  if (!(kind in CHECK_IN)) throw new RangeError(`unknown kind of passenger: ${kind}`);
  return toText(toMinutes(departure) - CHECK_IN[kind]);
}

/** The first boat that somebody who is at the gate now can still get on. */
export function nextPossible(now, kind) {
  const at = toMinutes(now);
  return departures().find((time) => toMinutes(checkInEnds(time, kind)) >= at) ?? null;
}

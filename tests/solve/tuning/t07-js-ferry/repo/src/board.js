import { arrival, checkInEnds, nextDepartures } from "./timetable.js";

export function boardLines(now) {
  const boats = nextDepartures(now);
  if (boats.length === 0) return ["No more boats today."];
  return boats.map((time) => `${time}  arrives ${arrival(time)}  cars until ${checkInEnds(time, "car")}`);
}

// The rules of the line. All times in minutes.

export const CROSSING = 25;
export const TURNAROUND = 15;

// How long before departure check-in ends.
export const CHECK_IN = {
  foot: 5,
  bicycle: 10,
  car: 15,
  lorry: 40,
};

export const FIRST_BOAT = "06:15";
export const LAST_BOAT = "21:35";

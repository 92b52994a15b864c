const NAMES = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];

/** The name of the direction the wind comes from. */
export function compass(degrees) {
  return NAMES[Math.round(degrees / 45)];
}

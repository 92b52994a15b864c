import { expect, test } from "vitest";
import { total } from "./total";

test("the total of nothing is nothing", () => {
  expect(total([])).toBe("0.00 €");
});

test("cents are added before they are written", () => {
  const items = [
    { name: "tea", cents: 199 },
    { name: "cake", cents: 301 },
  ];
  expect(total(items)).toBe("5.00 €");
});

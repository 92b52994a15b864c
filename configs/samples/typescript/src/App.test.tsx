import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { App } from "./App";

test("the page shows what all items cost together", () => {
  expect(renderToStaticMarkup(<App />)).toContain("Together: 5.00 €");
});

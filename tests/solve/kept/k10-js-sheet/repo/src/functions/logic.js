import { CellError } from "../errors.js";
import { toBoolean } from "../values.js";
import { flat, single } from "./args.js";

export const logic = {
  NOT: (x) => !toBoolean(single(x)),
  ISBLANK: (x) => single(x) === null,
  ISNUMBER: (x) => typeof single(x) === "number",
  ISTEXT: (x) => typeof single(x) === "string",
  AND: (...args) => flat(args).filter((v) => v !== null).every(toBoolean),
  OR: (...args) => flat(args).filter((v) => v !== null).some(toBoolean),
};

/** These get functions that work their arguments out, because they do not need all of them. */
export const lazy = {
  IF: (test, yes, no = () => false) => (toBoolean(single(test())) ? yes() : no()),
  IFERROR: (x, otherwise) => {
    try {
      const value = single(x());
      return value instanceof CellError ? otherwise() : value;
    } catch (error) {
      if (error instanceof CellError) return otherwise();
      throw error;
    }
  },
};

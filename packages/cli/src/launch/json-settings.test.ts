import fc from "fast-check";
import { expect, it } from "vitest";
import { restoreEntries, setEntries } from "./json-settings.ts";

const value = fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.array(fc.integer()));
const settings = fc.dictionary(
  fc.constantFrom("a", "b", "env"),
  fc.oneof(value, fc.dictionary(fc.constantFrom("x", "y"), value)),
);
const entries = fc.array(
  fc.record({ path: fc.constantFrom(["a"], ["env", "x"], ["env", "z"], ["n", "e", "w"]), value }),
  { maxLength: 4 },
);

it("takes out exactly what it put in, whatever was there", () => {
  fc.assert(
    fc.property(settings, entries, (before, added) => {
      // A value that stood where an object is needed comes back only as a whole.
      fc.pre(
        typeof before["env"] !== "string" &&
          typeof before["env"] !== "number" &&
          before["env"] !== null &&
          !Array.isArray(before["env"]),
      );
      expect(restoreEntries(setEntries(before, added), before, added)).toEqual(before);
    }),
  );
});

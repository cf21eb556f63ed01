import { GoFloat, GoMap, GoSlice } from "../go-template/values.ts";

/** Data of every kind that templates of any model may look at. */
export const sampleData = GoMap.of({
  System: 'Be <kind> & "brief"',
  Count: 3,
  Ratio: new GoFloat(2.5),
  Million: new GoFloat(1e6),
  Name: "héllo",
  Empty: "",
  None_: null,
  Yes: true,
  List: new GoSlice(["a", "b", "c"]),
  Mixed: new GoSlice([1, null, "x", new GoFloat(0.5), false]),
  Map: GoMap.of({ b: 2, a: "x", c: null }),
  Turns: new GoSlice([
    GoMap.of({ role: "user", content: "Hi" }),
    GoMap.of({ role: "assistant", content: "Hello" }),
    GoMap.of({ role: "user", content: "Bye" }),
  ]),
  Deep: GoMap.of({ one: GoMap.of({ two: GoMap.of({ three: "found" }) }) }),
});

import { expect, it } from "vitest";
import { printRows, printTable } from "./table.ts";

it("pads columns to four spaces and the last header cell by one", () => {
  expect(printTable(["NAME", "SIZE"], [["go-chat:latest", "1.3 MB"]])).toBe(
    "NAME              SIZE   \ngo-chat:latest    1.3 MB    \n",
  );
});

it("prints only the header when there are no rows", () => {
  expect(printTable(["NAME", "ID", "UNTIL"], [])).toBe("NAME    ID    UNTIL \n");
});

it("aligns wide characters by their width on screen", () => {
  expect(
    printRows(
      [
        ["日本", "a"],
        ["x", "b"],
      ],
      2,
    ),
  ).toBe("  日本    a    \n  x       b    \n");
});

it("lets wide cells go on below", () => {
  const text = "one two three four five six seven eight";
  expect(printRows([["size", text], ["x"]], 4).split("\n")).toEqual([
    "    size    one two three four five six       ",
    "              seven eight                       ",
    "    x       ",
    "",
  ]);
  expect(printRows([["a\nlonger"], ["unbreakable-and-wider-than-any-column"]], 0).split("\n")).toEqual([
    "a                                        ",
    "  longer                                   ",
    "unbreakable-and-wider-than-any-column    ",
    "",
  ]);
});

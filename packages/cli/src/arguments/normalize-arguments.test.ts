import { describe, expect, it } from "vitest";
import { normalizeArguments } from "./normalize-arguments.ts";

const shape = {
  flags: {
    file: { type: "option", char: "f" },
    think: { type: "option" },
    verbose: { type: "boolean", char: "v" },
    truncate: { type: "boolean", allowNo: true },
    dimensions: { type: "option", helpValue: "int" },
  },
  arity: { min: 1, max: Number.POSITIVE_INFINITY },
  bareFlags: { think: "true" },
} as const;

describe("normalizeArguments", () => {
  it.each([
    [["m"], ["--", "m"]],
    [
      ["m", "--verbose", "hello"],
      ["--verbose", "--", "m", "hello"],
    ],
    [
      ["-f", "a", "m"],
      ["--file=a", "--", "m"],
    ],
    [
      ["-fa", "m"],
      ["--file=a", "--", "m"],
    ],
    [
      ["--file=a=b", "m"],
      ["--file=a=b", "--", "m"],
    ],
    [
      ["--think", "m", "high"],
      ["--think=true", "--", "m", "high"],
    ],
    [
      ["--think=high", "m"],
      ["--think=high", "--", "m"],
    ],
    [
      ["--verbose=false", "m"],
      ["--", "m"],
    ],
    [
      ["--truncate=false", "m"],
      ["--no-truncate", "--", "m"],
    ],
    [
      ["--no-truncate", "m"],
      ["--no-truncate", "--", "m"],
    ],
    [
      ["m", "--", "--verbose", "-x"],
      ["--", "m", "--verbose", "-x"],
    ],
    [
      ["-vv", "m"],
      ["--verbose", "--", "m"],
    ],
    [
      ["-vfa", "m"],
      ["--verbose", "--file=a", "--", "m"],
    ],
    [
      ["-vf", "a", "m"],
      ["--verbose", "--file=a", "--", "m"],
    ],
    [
      ["-v=false", "-f=a", "m"],
      ["--file=a", "--", "m"],
    ],
    [
      ["--dimensions", "12", "m"],
      ["--dimensions=12", "--", "m"],
    ],
    [
      ["--dimensions", "0x1_0", "m"],
      ["--dimensions=16", "--", "m"],
    ],
    [
      ["--think=low", "--verbose", "--think", "m", "--verbose=false"],
      ["--think=true", "--", "m"],
    ],
    [
      ["m", "-"],
      ["--", "m", "-"],
    ],
  ])("reads %j as %j", (argv, expected) => {
    expect(normalizeArguments(argv, shape).words).toEqual(expected);
  });

  it.each([
    [["m", "--frob"], "unknown flag: --frob"],
    [["m", "--frob=1"], "unknown flag: --frob"],
    [["m", "-x"], "unknown shorthand flag: 'x' in -x"],
    [["m", "-vxy"], "unknown shorthand flag: 'x' in -xy"],
    [["m", "---x"], "bad flag syntax: ---x"],
    [
      ["m", "--dimensions", "x"],
      'invalid argument "x" for "--dimensions" flag: strconv.ParseInt: parsing "x": invalid syntax',
    ],
    [["m", "--file"], "flag needs an argument: --file"],
    [["m", "-f"], "flag needs an argument: 'f' in -f"],
    [
      ["m", "--verbose=x"],
      'invalid argument "x" for "-v, --verbose" flag: strconv.ParseBool: parsing "x": invalid syntax',
    ],
    [[], "requires at least 1 arg(s), only received 0"],
  ])("refuses %j: %s", (argv, message) => {
    expect(() => normalizeArguments(argv, shape)).toThrow(message);
  });

  it("leaves the words uncounted where help is asked for, in any spelling", () => {
    for (const argv of [["--help"], ["-h"], ["a", "-vh"], ["a", "--help=true"]])
      expect(normalizeArguments(argv, shape).wantsHelp).toBe(true);
    expect(normalizeArguments(["a", "--help=false"], shape).wantsHelp).toBe(false);
    expect(normalizeArguments(["a", "--", "--help"], shape).wantsHelp).toBe(false);
  });

  it.each([
    [{ min: 1, max: 1 }, [], "accepts 1 arg(s), received 0"],
    [{ min: 2, max: 2 }, ["a", "b", "c"], "accepts 2 arg(s), received 3"],
    [{ min: 0, max: 1 }, ["a", "b"], "accepts at most 1 arg(s), received 2"],
  ])("counts words against %j", (arity, argv, message) => {
    expect(() => normalizeArguments(argv, { ...shape, arity })).toThrow(message);
  });
});

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, expect, test } from "vitest";
import { GrammarError } from "../src/errors.ts";
import { jsonSchemaToGbnf } from "../src/grammar/index.ts";
import { compileGbnf, gbnfSentences, seededRandom } from "../src/testing/index.ts";

/** The folder `tests/draft2020-12` of JSON-Schema-Test-Suite, which is not part of this repository. */
const folder = process.env["PUNA_JSON_SCHEMA_SUITE"];

interface Group {
  readonly description: string;
  readonly schema: object | boolean;
  readonly tests: readonly {
    readonly description: string;
    readonly data: unknown;
    readonly valid: boolean;
  }[];
}

// Where a grammar deviates on purpose, and why.
const deviations: readonly (readonly [file: string, group: RegExp, reason: string])[] = [
  ["format.json", /^(ipv4|date|date-time|time|uuid) format$/, "formats are enforced, not annotations"],
  ["vocabulary.json", /custom metaschema/, "a metaschema cannot switch keywords off"],
];
// Where the checking library is known to read a schema otherwise than the suite does, or computes in binary fractions.
const unchecked: readonly RegExp[] = [
  /\$dynamic(Ref|Anchor)/,
  /Javascript object property names/,
  /by small number/,
  /escaped characters/,
];

const count = { groups: 0, refused: 0, valid: 0, invalid: 0, sentences: 0 };
afterAll(() => {
  if (folder !== undefined) console.log("JSON-Schema-Test-Suite:", JSON.stringify(count));
});
if (folder === undefined) console.log("skipped: PUNA_JSON_SCHEMA_SUITE names no folder");

const files =
  folder !== undefined && existsSync(folder)
    ? readdirSync(folder).filter((name) => name.endsWith(".json"))
    : [];

test.skipIf(folder === undefined)("the suite is there", () => expect(files.length).toBeGreaterThan(40));

test.each(files)("%s", (file) => {
  // The suite's own format.
  const groups = JSON.parse(readFileSync(join(folder ?? "", file), "utf8")) as readonly Group[];
  for (const group of groups) {
    const deviates = deviations.some(([name, pattern]) => name === file && pattern.test(group.description));
    if (!deviates) checkGroup(group);
  }
});

function checkGroup({ schema, tests, description }: Group): void {
  count.groups += 1;
  const strict = makeGrammar(schema, "refuse");
  if (strict === "refused") count.refused += 1;
  const made = strict === "refused" ? makeGrammar(schema, "note") : strict;
  if (made === "refused") return;
  const matches = made === "unsatisfiable" ? () => false : compileGbnf(made);
  for (const { data, valid, description: name } of tests) {
    const isAccepted = Iterator.from(jsonTexts(data, { left: 200 })).some(matches);
    if (valid) count.valid += 1;
    else count.invalid += 1;
    // What was only noted may let more through.
    if (valid || strict !== "refused")
      expect([description, name, isAccepted]).toEqual([description, name, valid]);
  }
  if (
    strict === "refused" ||
    strict === "unsatisfiable" ||
    unchecked.some((pattern) => pattern.test(description))
  )
    return;
  const validate = compileSchema(schema);
  const sentence = gbnfSentences(strict, seededRandom(11));
  for (let round = 0; validate !== undefined && round < 50; round += 1) {
    const text = sentence();
    count.sentences += 1;
    if (!validate(JSON.parse(text))) expect.unreachable(`${description}: ${text} is not valid`);
  }
}

function makeGrammar(schema: unknown, unsupported: "refuse" | "note"): string | "refused" | "unsatisfiable" {
  try {
    return jsonSchemaToGbnf(schema, { unsupported, unlistedProperties: "as-schema-says" }).grammar;
  } catch (error) {
    if (!GrammarError.is(error)) throw error;
    return error.code === "SCHEMA_UNSATISFIABLE" ? "unsatisfiable" : "refused";
  }
}

function compileSchema(schema: object | boolean) {
  try {
    return new Ajv2020({ strict: false, validateFormats: false, logger: false }).compile(schema);
  } catch {
    // Schemas that refer to the suite's own remote documents.
    return undefined;
  }
}

/** JSON text of a value with its keys in every order: the order of a schema is one of them. */
function* jsonTexts(value: unknown, budget: { left: number }): Generator<string> {
  if (typeof value !== "object" || value === null) return yield JSON.stringify(value);
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  function* arrange(
    rest: readonly (readonly [string, unknown])[],
    done: readonly string[],
  ): Generator<string> {
    if (budget.left <= 0) return;
    if (rest.length === 0) {
      budget.left -= 1;
      return yield isList ? `[${done.join()}]` : `{${done.join()}}`;
    }
    for (const [index, [key, item]] of (isList ? rest.slice(0, 1) : rest).entries()) {
      for (const text of jsonTexts(item, budget)) {
        yield* arrange(rest.toSpliced(index, 1), [...done, isList ? text : `${JSON.stringify(key)}:${text}`]);
      }
    }
  }
  yield* arrange(entries, []);
}

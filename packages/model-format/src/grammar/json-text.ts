import {
  allCharacters,
  type CharacterSet,
  characterSet,
  intersectCharacters,
  subtractCharacters,
} from "./characters.ts";
import {
  characters,
  choice,
  type Expression,
  empty,
  optional,
  repeat,
  rule,
  sequence,
  text,
} from "./expression.ts";

/** Characters that JSON writes as escapes: the quote, the backslash and controls. */
const escaped: CharacterSet = characterSet([
  [0x00, 0x1f],
  [0x22, 0x22],
  [0x5c, 0x5c],
]);
const digit: Expression = characters(characterSet([[0x30, 0x39]]));
const firstDigit: Expression = characters(characterSet([[0x31, 0x39]]));
const hexDigit = characters(
  characterSet([
    [0x30, 0x39],
    [0x41, 0x46],
    [0x61, 0x66],
  ]),
);
const shortEscapes: Readonly<Record<number, string>> = {
  8: "\\b",
  9: "\\t",
  10: "\\n",
  12: "\\f",
  13: "\\r",
  34: '\\"',
  92: "\\\\",
};

/** Names of the rules that `jsonRules` gives. */
export const jsonValue: Expression = rule("value");
export const jsonString: Expression = rule("string");
export const jsonNumber: Expression = rule("number");
export const jsonInteger: Expression = rule("integer");
export const jsonObject: Expression = rule("object");
export const jsonArray: Expression = rule("array");
export const anyCharacter: Expression = rule("char");
/** White space as programs print it: a space, or a line end with its indentation. Bounded, or a model would idle in it. */
export const space: Expression = rule("ws");

/** Wraps what lies between the quotes. */
export function quoted(inner: Expression): Expression {
  return sequence(text('"'), inner, text('"'));
}

/** JSON text of a value, without white space. */
export function literal(value: unknown): Expression {
  return text(JSON.stringify(value));
}

/** Rewrites an expression over characters into one over their JSON text inside a string. */
export function inJsonString(expression: Expression): Expression {
  switch (expression.kind) {
    case "text":
      return text(JSON.stringify(expression.text).slice(1, -1));
    case "characters":
      return jsonCharacters(expression.set);
    case "sequence":
      return sequence(...expression.items.map(inJsonString));
    case "choice":
      return choice(...expression.options.map(inJsonString));
    case "repeat":
      return repeat(inJsonString(expression.item), expression.min, expression.max);
    case "rule":
      return expression;
  }
}

/** One character out of a set, as JSON writes it. */
export function jsonCharacters(set: CharacterSet): Expression {
  if (subtractCharacters(allCharacters, set).length === 0) return anyCharacter;
  const plain = characters(subtractCharacters(set, escaped));
  const codes = intersectCharacters(set, escaped).flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  );
  const written = codes.map((code) =>
    text(shortEscapes[code] ?? `\\u00${code.toString(16).padStart(2, "0")}`),
  );
  return choice(plain, ...written);
}

/** Rules for any JSON at all; unused ones are dropped when a grammar is printed. */
export function jsonRules(): Map<string, Expression> {
  const exponent = choice(
    sequence(
      optional(text("+")),
      choice(digit, repeat(digit, 2, 2), sequence(text("1"), repeat(digit, 2, 2))),
    ),
    sequence(text("-"), repeat(digit, 1, 3)),
  );
  return new Map<string, Expression>([
    [
      "ws",
      choice(
        empty,
        text(" "),
        sequence(
          text("\n"),
          repeat(
            characters(
              characterSet([
                [9, 9],
                [32, 32],
              ]),
            ),
            0,
            20,
          ),
        ),
      ),
    ],
    [
      "value",
      choice(jsonObject, jsonArray, jsonString, jsonNumber, text("true"), text("false"), text("null")),
    ],
    [
      "object",
      sequence(text("{"), space, optional(members(sequence(jsonString, colon(), jsonValue))), text("}")),
    ],
    ["array", sequence(text("["), space, optional(members(jsonValue)), text("]"))],
    ["string", quoted(repeat(anyCharacter, 0))],
    [
      "number",
      sequence(
        optional(text("-")),
        rule("natural"),
        optional(fraction()),
        optional(sequence(eitherE(), exponent)),
      ),
    ],
    ["integer", choice(text("0"), sequence(optional(text("-")), firstDigit, repeat(digit, 0, 15)))],
    ["natural", choice(text("0"), sequence(firstDigit, repeat(digit, 0, 15)))],
    [
      "char",
      choice(characters(subtractCharacters(allCharacters, escaped)), sequence(text("\\"), escapeTail())),
    ],
  ]);
}

/** `:` between a key and its value. */
export function colon(): Expression {
  return sequence(space, text(":"), space);
}

/** `,` between two members. */
export function comma(): Expression {
  return sequence(text(","), space);
}

/** `.` and digits. */
function fraction(): Expression {
  return sequence(text("."), repeat(digit, 1, 16));
}

function members(member: Expression): Expression {
  return sequence(member, repeat(sequence(space, comma(), member), 0), space);
}

function eitherE(): Expression {
  return characters(
    characterSet([
      [0x45, 0x45],
      [0x65, 0x65],
    ]),
  );
}

// Surrogates are left out: half a pair is no text, and a pair would count as two characters.
function escapeTail(): Expression {
  const short = characters(
    characterSet(Array.from('"\\/bfnrt', (sign) => [sign.charCodeAt(0), sign.charCodeAt(0)] as const)),
  );
  const notD = characters(
    characterSet([
      [0x30, 0x39],
      [0x41, 0x43],
      [0x45, 0x46],
      [0x61, 0x63],
      [0x65, 0x66],
    ]),
  );
  const belowSurrogates = sequence(
    characters(
      characterSet([
        [0x44, 0x44],
        [0x64, 0x64],
      ]),
    ),
    characters(characterSet([[0x30, 0x37]])),
    repeat(hexDigit, 2, 2),
  );
  return choice(short, sequence(text("u"), choice(sequence(notD, repeat(hexDigit, 3, 3)), belowSurrogates)));
}

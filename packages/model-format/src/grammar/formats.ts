import type { Expression } from "./expression.ts";
import { regexExpression } from "./regex-expression.ts";

const year = "[0-9]{4}";
// The last day of a month depends on the month, and of February on the year.
const leapYear = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)";
const date = `(${year}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|${leapYear}-02-29)`;
const clock = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?";
const offset = "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
const byte = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const hex = "[0-9a-fA-F]";

// What each format lets through; leap seconds are left out.
const patterns: ReadonlyMap<string, string> = new Map([
  ["date", date],
  ["time", `${clock}${offset}`],
  ["date-time", `${date}[Tt]${clock}${offset}`],
  ["uuid", `${hex}{8}-${hex}{4}-${hex}{4}-${hex}{4}-${hex}{12}`],
  ["ipv4", `${byte}(\\.${byte}){3}`],
]);

/** Texts of a `format`, or undefined for one that is left to the reader, as the specification allows. */
export function formatExpression(format: string): Expression | undefined {
  const pattern = patterns.get(format);
  return pattern === undefined ? undefined : regexExpression(`^${pattern}$`);
}

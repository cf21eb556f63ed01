const keyWidth = 30;

/** One line for each value, in the order of the keys: the key padded to 30 columns, strings in quotes. */
export function printParameters(parameters: Readonly<Record<string, unknown>>): string {
  return parameterValues(parameters)
    .map(
      ([name, value]) =>
        `${name.padEnd(keyWidth)} ${typeof value === "string" ? JSON.stringify(value) : String(value)}`,
    )
    .join("\n");
}

/** Lists fall apart into one pair for each item. */
export function parameterValues(
  parameters: Readonly<Record<string, unknown>>,
): [name: string, value: unknown][] {
  return Object.entries(parameters)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([name, value]): [string, unknown][] =>
      Array.isArray(value) ? value.map((item) => [name, item]) : [[name, value]],
    );
}

import type { Random } from "./chaos-requests.ts";

const words = "city name amount colour rating owner level width".split(" ");

/** A JSON Schema of random shape, at most three objects deep, whose values are short. */
export function randomSchema(random: Random, depth = 0): Record<string, unknown> {
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const nested = () => randomSchema(random, depth + 1);
  const object = () => {
    const names = words.filter(() => random() < 0.35).slice(0, 4);
    const properties = Object.fromEntries([...names, "id"].map((name) => [name, nested()]));
    const required = Object.keys(properties).filter((name) => name === "id" || random() < 0.6);
    return { type: "object", properties, required, additionalProperties: false };
  };
  const array = () => {
    const minItems = between(0, 2);
    return { type: "array", items: nested(), minItems, maxItems: minItems + between(0, 2) };
  };
  const scalars = [
    () => ({ type: "string", minLength: between(0, 4), maxLength: between(4, 12) }),
    () => ({ type: "string", pattern: "^[A-Z]{2}-[0-9]{3}$" }),
    () => ({ type: "integer", minimum: between(-50, 0), maximum: between(1, 5_000) }),
    () => ({ type: "number", exclusiveMinimum: 0, maximum: between(1, 90) + 0.5 }),
    () => ({ type: "boolean" }),
    () => ({ enum: ["red", "green", between(1, 9), null] }),
    () => ({ const: { kind: "fixed", version: between(1, 9) } }),
    () => ({ type: ["integer", "null"] }),
  ];
  const compounds = [
    object,
    array,
    () => ({ anyOf: [nested(), nested()] }),
    () => ({ allOf: [{ type: "string", minLength: 2 }, { pattern: "^[a-z]+$" }, { maxLength: 9 }] }),
  ];
  if (depth === 0) return object();
  const choices = depth < 3 && random() < 0.4 ? compounds : scalars;
  return choices[between(0, choices.length - 1)]?.() ?? {};
}

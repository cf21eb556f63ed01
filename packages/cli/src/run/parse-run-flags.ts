import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Format, ThinkValue } from "@puna/protocol";
import { CliError } from "../errors.ts";

/** Value of `--think`. @throws CliError `USAGE` */
export function parseThink(text: string | undefined): ThinkValue | undefined {
  switch (text) {
    case undefined:
      return undefined;
    case "":
    case "true":
      return true;
    case "false":
      return false;
    case "low":
    case "medium":
    case "high":
    case "max":
      return text;
    default:
      throw new CliError(
        "USAGE",
        `invalid value for --think: "${text}" (must be true, false, high, medium, low, or max)`,
      );
  }
}

/**
 * Value of `--format`: `json`, a JSON schema, or the path of a file that holds one.
 * @throws CliError `USAGE`
 */
export async function parseFormatFlag(text: string, cwd: string): Promise<Format | undefined> {
  if (text === "") return undefined;
  if (text === "json") return "json";
  if (text.trimStart().startsWith("{")) return parseSchema(text, "--format");
  if (/^\s*"json"\s*$/.test(text)) return "json";
  const path = resolve(cwd, text);
  const content = await readFile(path, "utf8").catch((cause: unknown) => {
    const message = `invalid --format "${text}": expected "json", a JSON schema, or the path of a file with one`;
    throw new CliError("USAGE", message, { cause });
  });
  return parseSchema(content, path);
}

function parseSchema(text: string, source: string): Readonly<Record<string, unknown>> {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "";
    throw new CliError("USAGE", `${source} holds no JSON: ${reason}`, { cause });
  }
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
    throw new CliError("USAGE", `${source}: a JSON schema must be an object`);
  }
  return { ...schema };
}

export function parseInteger(flag: string, text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new CliError("USAGE", `invalid argument "${text}" for "${flag}" flag: expected a whole number`);
}

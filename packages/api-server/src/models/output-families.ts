import type { OutputParserFamily } from "@puna/model-format";
export function outputParserFamily(_name: string): OutputParserFamily | undefined {
  return undefined;
}

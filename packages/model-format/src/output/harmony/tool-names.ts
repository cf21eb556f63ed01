import type { Tool } from "@puna/protocol";

/** Tool names as a harmony model sees them, and back. */
export interface HarmonyToolNames {
  /** Name to put into the prompt for a declared tool. */
  toHarmony(name: string): string;
  /** Declared name for what the model wrote; unknown names stay as they are. */
  toDeclared(name: string): string;
}

/** Tools the model was trained with under these very names. */
const builtIns: ReadonlySet<string> = new Set(["browser.open", "browser.search", "browser.find", "python"]);

/**
 * Maps declared names to identifiers, which is all that harmony's type definitions can express:
 * blanks, `-` and `.` become `_`, other signs vanish, a leading digit gets a `_`, and names that
 * would be the same get `_2`, `_3` and so on. Empty names are left alone.
 * @source openai harmony format; ollama harmony, observed
 */
export function harmonyToolNames(tools: readonly Tool[]): HarmonyToolNames {
  const toHarmony = new Map<string, string>();
  const toDeclared = new Map<string, string>();
  for (const { name } of tools.map((tool) => tool.function)) {
    if (name === "") continue;
    const harmonyName = builtIns.has(name) ? name : unusedName(toIdentifier(name), toDeclared);
    toHarmony.set(name, harmonyName);
    toDeclared.set(harmonyName, name);
  }
  return {
    toHarmony: (name) => toHarmony.get(name) ?? name,
    toDeclared: (name) => toDeclared.get(name) ?? name,
  };
}

/** The tools as they go into a harmony prompt, each under the name made from its own at its place. */
export function withHarmonyNames(tools: readonly Tool[]): readonly Tool[] {
  const taken: Tool[] = [];
  return tools.map((tool) => {
    taken.push(tool);
    const name = harmonyToolNames(taken).toHarmony(tool.function.name);
    return { ...tool, function: { ...tool.function, name } };
  });
}

function unusedName(wanted: string, used: ReadonlyMap<string, string>): string {
  let candidate = wanted;
  for (let count = 2; used.has(candidate); count += 1) candidate = `${wanted}_${count}`;
  return candidate;
}

function toIdentifier(name: string): string {
  const letters = name.replace(/[ .-]/g, "_").replace(/[^\p{L}\p{Nd}_$]/gu, "");
  if (letters === "") return "unnamed";
  return /^\d/.test(letters) ? `_${letters}` : letters;
}

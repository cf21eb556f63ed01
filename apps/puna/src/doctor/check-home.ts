import { apiKeyFile, readApiKeys } from "../api-key-file.ts";
import type { Finding } from "./finding.ts";
import { nearestFolder, whyUnusable } from "./usable-folder.ts";

/** Whether key pair, history and logs can be written. Changes nothing. */
export async function checkHome(home: string): Promise<Finding> {
  const place = await nearestFolder(home);
  const problem = await whyUnusable(place);
  const finding = { check: "home", facts: { home, isMissing: place !== home } };
  if (problem === undefined) {
    const summary =
      place === home ? `${home} takes key pair, history and logs` : `${home} is made when needed`;
    return { ...finding, status: "ok", summary };
  }
  return {
    ...finding,
    status: "problem",
    summary: `${home} cannot be written: ${problem}`,
    advice: "make it a folder that this user may write to, or name another in PUNA_HOME",
  };
}

/** The API keys of the server on this machine; undefined where it has none. */
export function checkKeys(home: string): { readonly finding: Finding; readonly count: number } | undefined {
  const file = apiKeyFile(home);
  try {
    const count = readApiKeys(file).length;
    if (count === 0) return undefined;
    const summary = `the server asks for one of ${count} API ${count === 1 ? "key" : "keys"}`;
    return { count, finding: { check: "keys", status: "ok", summary, facts: { file, count } } };
  } catch (error) {
    const finding: Finding = {
      check: "keys",
      status: "problem",
      summary: error instanceof Error ? error.message : String(error),
      advice: `'puna serve' does not start before that; removing ${file} removes all keys`,
      facts: { file },
    };
    return { count: 0, finding };
  }
}

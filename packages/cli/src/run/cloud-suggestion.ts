import { createInterface } from "node:readline/promises";
import { ModelName } from "@puna/protocol";
import { PunaError } from "@puna/sdk";
import type { CliContext } from "../context.ts";
import { CliError } from "../errors.ts";

/**
 * Last line of a pull whose registry has no such model or tag. The lines of a stream have no code, neither Ollama's nor
 * ours: these words, recorded from Ollama, are the wire form of it.
 */
const notInRegistry = "pull model manifest: file does not exist";

/**
 * Pulls a model. Where its default tag does not exist but a cloud model of that name does, offers that one: a person at
 * a terminal is asked, elsewhere the error names it.
 * @param command  for the hint: `run` or `pull`
 * @returns name of the model that was pulled
 */
export async function pullOrSuggestCloud(
  context: CliContext,
  request: { readonly model: string; readonly insecure: boolean; readonly command: "run" | "pull" },
  pull: (model: string) => Promise<void>,
): Promise<string> {
  const { model, insecure, command } = request;
  try {
    await pull(model);
    return model;
  } catch (error) {
    const suggestion = cloudName(model);
    if (!isMissing(error) || insecure || suggestion === undefined || !(await exists(context, suggestion)))
      throw error;
    if (!context.stdin.isTTY || !context.stdout.isTTY) {
      const hint = `"${suggestion}" is available as a cloud model. Try:\n  ${context.binName} ${command} ${suggestion}`;
      throw new CliError("NOT_FOUND", `${error.message}\n\n${hint}`, { cause: error });
    }
    if (!(await confirm(context, `Did you mean "${suggestion}"?`))) throw error;
    await pull(suggestion);
    return suggestion;
  }
}

/** Not found, by its status or as the end of a stream; a full disk or a lost connection is nothing of the kind. */
function isMissing(failure: unknown): failure is Error {
  // A refusal before the first line comes with its status in front of it, as an error of the command line.
  const error = CliError.is(failure) ? failure.cause : failure;
  if (!PunaError.is(error)) return false;
  return error.code === "NOT_FOUND" || (error.code === "STREAM_FAILED" && error.message === notInRegistry);
}

/** Only a bare name of the standard registry may mean a cloud model. */
function cloudName(model: string): string | undefined {
  const bare = ModelName.parseBare(model);
  const name = bare.withDefaults();
  const isOrdinary = name.isValid() && bare.tag === "" && name.host === ModelName.defaultHost;
  return isOrdinary ? `${model}:cloud` : undefined;
}

/** Any refusal means no: no such model, no cloud, an older server. */
async function exists({ client }: CliContext, model: string): Promise<boolean> {
  try {
    await client.show({ model });
    return true;
  } catch (error) {
    if (!PunaError.is(error)) throw error;
    return false;
  }
}

async function confirm({ stdin, stderr }: CliContext, question: string): Promise<boolean> {
  stderr.write(`${question} [Y/n] `);
  const lines = createInterface({ input: stdin, terminal: false });
  try {
    for await (const line of lines) return /^(y(es)?)?$/i.test(line.trim());
    return false;
  } finally {
    lines.close();
  }
}

import { type Modelfile, type ModelfileCommand, splitMessage, textCommands } from "./modelfile.ts";
import { parseModelfile } from "./parse.ts";
import { quoteLikeOllama } from "./quoting.ts";

export interface PrintOptions {
  /**
   * Ollama's own quoting (default) loses a few values: `"a"` with its quotes, `FROM` with blanks around it.
   * With `lossless`, those are quoted so that parsing gives them back; all others print the same.
   */
  readonly lossless?: boolean;
}

/** Writes a Modelfile, one command after the other, each with a line end. */
export function printModelfile(file: Modelfile, options: PrintOptions = {}): string {
  return file.commands.map((command) => `${printModelfileCommand(command, options)}\n`).join("");
}

/** Writes one command without a line end. @source ollama parser/parser.go Command.String */
export function printModelfileCommand(command: ModelfileCommand, options: PrintOptions = {}): string {
  const { head, value } = splitCommand(command);
  const usual = `${head} ${command.name === "model" ? value : quoteLikeOllama(value)}`;
  if (options.lossless !== true) return usual;
  const forms = [usual, `${head} ${value}`, `${head} "${value}"`, `${head} """${value}"""`];
  return forms.find((text) => parsesTo(text, command)) ?? usual;
}

function splitCommand(command: ModelfileCommand): { readonly head: string; readonly value: string } {
  if (command.name === "model") return { head: "FROM", value: command.args };
  if (command.name === "message") {
    const { role, content } = splitMessage(command.args);
    return { head: `MESSAGE ${role}`, value: content };
  }
  if (textCommands.has(command.name)) return { head: command.name.toUpperCase(), value: command.args };
  return { head: `PARAMETER ${command.name}`, value: command.args };
}

function parsesTo(text: string, command: ModelfileCommand): boolean {
  try {
    const [first, second, third] = parseModelfile(`${text}\nFROM end\n`).commands;
    return (
      first?.name === command.name &&
      first.args === command.args &&
      second?.args === "end" &&
      third === undefined
    );
  } catch {
    // Any error means the same: this form cannot hold the value.
    return false;
  }
}

/**
 * One command. `name` is the command in lower case, with two exceptions that Ollama's tools know too:
 * `FROM` is called `model`, and `PARAMETER key value` has the key as its name.
 * `args` is the value without quotes; of `MESSAGE role text` it is `role: text`.
 */
export interface ModelfileCommand {
  readonly name: string;
  readonly args: string;
}

export interface Modelfile {
  readonly commands: readonly ModelfileCommand[];
}

/** Commands that carry a quotable text and are printed by their own name. */
export const textCommands: ReadonlySet<string> = new Set([
  "adapter",
  "draft",
  "license",
  "parser",
  "renderer",
  "requires",
  "system",
  "template",
]);

export const messageRoles: ReadonlySet<string> = new Set(["system", "user", "assistant"]);

/** `role: text` of a message command → its two halves. */
export function splitMessage(args: string): { readonly role: string; readonly content: string } {
  const at = args.indexOf(": ");
  return at < 0 ? { role: args, content: "" } : { role: args.slice(0, at), content: args.slice(at + 2) };
}

/** The commands of Ollama, in its order. */
const familiar = [
  "serve",
  "create",
  "show",
  "run",
  "stop",
  "pull",
  "push",
  "signin",
  "signout",
  "list",
  "ps",
  "cp",
  "rm",
  "launch",
];

/** Splits command names into those that people know and those that came on top, hidden ones left out beforehand. */
export function groupCommands(
  names: readonly string[],
): readonly { title: string; names: readonly string[] }[] {
  return [
    { title: "Available Commands", names: [...familiar.filter((name) => names.includes(name)), "help"] },
    { title: "More Commands", names: names.filter((name) => !familiar.includes(name)).toSorted() },
  ].filter((group) => group.names.length > 0);
}

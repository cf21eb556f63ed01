const commands = [
  "/bye",
  "/clear",
  "/exit",
  "/help",
  "/help more",
  "/help set",
  "/help show",
  "/help shortcuts",
  "/list",
  "/load ",
  "/save ",
  "/set ",
  "/set format json",
  "/set history",
  "/set markdown",
  "/set noformat",
  "/set nohistory",
  "/set nomarkdown",
  "/set nothink",
  "/set nowordwrap",
  "/set parameter ",
  "/set quiet",
  "/set system ",
  "/set think",
  "/set verbose",
  "/set wordwrap",
  "/show ",
  "/show info",
  "/show license",
  "/show modelfile",
  "/show parameters",
  "/show system",
  "/show template",
];

/** The longest text that all slash commands beginning with this one share; the text itself where none does. */
export function completeCommand(text: string): string {
  const found = commands.filter((command) => command.startsWith(text));
  const [first] = found;
  if (first === undefined) return text;
  let length = first.length;
  for (const command of found) while (!command.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}

import { compileAhead } from "../../../../tooling/compile-ahead.ts";

/** What the command line is made of in a terminal, with what it only loads when it is needed. */
export default function setup(): void {
  const source = (path: string) => new URL(`../../src/${path}`, import.meta.url);
  const loadedLate = ["repl/start-repl.ts", "menu/start-menu.ts", "run/stream-answer.ts", "commands/run.ts"];
  compileAhead([...loadedLate.map(source), new URL("cli-process.ts", import.meta.url)], ["--help"]);
}

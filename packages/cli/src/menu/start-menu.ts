import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { CliContext } from "../context.ts";
import { codingTools } from "../launch/coding-tools.ts";
import { TerminalInput } from "../repl/editor/terminal-input.ts";
import { onResize } from "../ui/on-resize.ts";
import { restoreOnSignal } from "../ui/restore-on-signal.ts";
import { drawMenu } from "./draw-menu.ts";
import { menuItems } from "./menu-items.ts";
import { type MenuItem, type MenuState, pressKey } from "./menu-state.ts";

const enterScreen = "\u001b[?1049h\u001b[?25l";
const leaveScreen = "\u001b[?25h\u001b[?1049l";

/**
 * Full-screen: which model to chat with, or which tool to start.
 * @param run  runs the chosen command once the screen is as it was
 * @param chatFlags  given on to `run`
 */
export async function startMenu(
  context: CliContext,
  run: (command: string, words: readonly string[]) => Promise<void>,
  chatFlags: readonly string[],
): Promise<void> {
  await context.ensureServer();
  const { models } = await context.client.list();
  const items = menuItems(models, codingTools, (command) => isOnPath(command, context.environment?.["PATH"]));
  const chosen = await choose(context, { items, filter: "", selected: 0 });
  if (chosen === undefined) return;
  const [command = "", ...words] = chosen.command;
  await run(command, command === "run" ? [...words, ...chatFlags] : words);
}

async function choose(context: CliContext, first: MenuState): Promise<MenuItem | undefined> {
  const { stdin, stdout } = context;
  let state = first;
  const draw = () => {
    const { columns = 80, rows = 24 } = stdout;
    const title = `${context.binName} ${context.version}`;
    const lines = drawMenu(state, { title, columns, rows, colors: context.colors });
    stdout.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join("\r\n")}\u001b[J`);
  };
  stdout.write(enterScreen);
  using _restoring = restoreOnSignal(stdout, leaveScreen);
  using input = new TerminalInput(stdin, stdout);
  const resized = onResize(stdout, draw);
  try {
    draw();
    return await new Promise((resolve) => {
      const stop = input.listen(
        (event) => {
          const turn = pressKey(state, event);
          if (turn.type === "shown") {
            state = turn.state;
            draw();
            return;
          }
          stop();
          resolve(turn.type === "chosen" ? turn.item : undefined);
        },
        () => resolve(undefined),
      );
    });
  } finally {
    resized();
    stdout.write(leaveScreen);
  }
}

function isOnPath(command: string, path = ""): boolean {
  const endings = process.platform === "win32" ? [".exe", ".cmd"] : [""];
  return path
    .split(delimiter)
    .some((folder) => folder !== "" && endings.some((ending) => existsSync(join(folder, command + ending))));
}

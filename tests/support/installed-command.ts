import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { freePort, runCommand, untilTrue } from "./processes.ts";

/**
 * Makes a model with an installed `puna`, asks it one question, and looks at the machine, as a user would.
 * @param options.node  the Node that runs it
 * @param options.home  an empty folder: home of the user
 * @returns what `puna run` and `puna doctor --json` printed
 */
export async function chatWithInstalled(
  bin: string,
  options: { readonly node: string; readonly home: string; readonly modelPath: string },
): Promise<{ readonly answer: string; readonly doctor: string }> {
  const { node, home, modelPath } = options;
  const url = `http://127.0.0.1:${await freePort()}`;
  const env = { PATH: `${dirname(node)}:${process.env["PATH"]}`, HOME: home, OLLAMA_HOST: url };
  const run = async (args: readonly string[]) => {
    const { code, stdout, stderr } = await runCommand(bin, args, env);
    if (code !== 0) throw new Error(`puna ${args[0]} ended with ${code}: ${stderr}`);
    return stdout;
  };
  const server = spawn(bin, ["serve"], { env, stdio: "ignore" });
  const ended = new Promise((resolve) => server.once("close", resolve));
  try {
    await untilTrue(async () => (await fetch(url).catch(() => undefined))?.ok === true);
    const modelfile = join(home, "Modelfile");
    writeFileSync(modelfile, `FROM ${modelPath}\nPARAMETER temperature 0\nPARAMETER num_predict 16\n`);
    await run(["create", "gemma3:270m", "-f", modelfile]);
    const answer = await run(["run", "gemma3:270m", "The capital of France is"]);
    return { answer: answer.trim(), doctor: await run(["doctor", "--json"]) };
  } finally {
    server.kill("SIGTERM");
    await ended;
  }
}

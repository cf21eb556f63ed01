import { spawn } from "node:child_process";

/** Runs `python3`; its own modules come from `libraries` where that is given. Fails with the last line of stderr. */
export function python(args, libraries) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...(libraries === undefined ? {} : { PYTHONPATH: libraries }) };
    const child = spawn("python3", args, { env, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr = (stderr + chunk).slice(-2000);
    });
    child.once("error", (cause) => reject(new Error("python3 is not installed", { cause })));
    child.once("close", (code) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(
            `python3 ${args.slice(0, 3).join(" ")} failed: ${stderr.trim().split("\n").at(-1) ?? code}`,
          ),
        );
    });
  });
}

// A host in a process of its own: loads a model, prints the runner's pid and waits to be killed.
import { createEngine } from "../../src/create-engine.ts";

const [, , modelPath = "", state] = process.argv;
const engine = createEngine({ env: { PATH: process.env["PATH"] }, driver: "native" });
const lease = await engine.acquire({ modelPath, load: { threads: 1 } });
if (state === "busy") {
  const prompt = "On and on";
  let printed = false;
  for await (const _ of lease.complete({ prompt, sampling: { ignoreEos: true, temperature: 0 } })) {
    if (!printed) process.stdout.write(`${lease.info.pid}\n`);
    printed = true;
  }
} else {
  process.stdout.write(`${lease.info.pid}\n`);
  setInterval(() => {}, 1000);
}

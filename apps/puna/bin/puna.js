#!/usr/bin/env node
import { readFileSync } from "node:fs";
import module from "node:module";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`puna needs Node.js 22.19 or newer; this is ${process.version}.`);
  process.exit(1);
}
module.enableCompileCache();
const words = process.argv.slice(2);
if (words.length === 1 && (words[0] === "--version" || words[0] === "-v")) {
  // Answered without loading anything, and without asking a server.
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  console.log(`puna version is ${version}`);
} else {
  const { main } = await import("../dist/main.js");
  await main(words);
}

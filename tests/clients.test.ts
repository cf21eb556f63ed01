import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { aiSdkCases } from "./clients/ai-sdk.ts";
import { anthropicCases } from "./clients/anthropic.ts";
import { ollamaCases } from "./clients/ollama.ts";
import { openaiCases } from "./clients/openai.ts";
import { startClientServer } from "./support/client-server.ts";
import type { RunningServer } from "./support/processes.ts";
import { hasGemma, hasMiniLm, hasQwen } from "./support/required-parts.ts";

/** Clients that others wrote, unchanged, against a real server and real models. */
describe.skipIf(!(hasGemma && hasQwen && hasMiniLm))("clients of others", () => {
  const dir = mkdtempSync(join(tmpdir(), "puna-clients-"));
  let server: RunningServer | undefined;
  const url = () => server?.url ?? "";

  beforeAll(async () => {
    server = await startClientServer(dir);
  });

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  describe("ollama (npm)", () => ollamaCases(url));
  describe("openai (npm)", () => openaiCases(url));
  describe("@anthropic-ai/sdk (npm)", () => anthropicCases(url));
  describe("ai with ollama-ai-provider-v2 (npm)", () => aiSdkCases(url));
});

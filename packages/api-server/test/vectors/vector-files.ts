import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export interface VectorRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly body_text?: string;
  readonly body_base64?: string;
  readonly body_sha256?: string;
}

interface VectorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly body_text?: string;
  readonly chunks?: readonly unknown[];
  readonly events?: readonly VectorEvent[];
  readonly trailing_newline?: boolean;
}

export interface VectorEvent {
  readonly event?: string;
  readonly data?: unknown;
  readonly data_text?: string;
}

export interface EngineScript {
  readonly pieces?: readonly string[];
  readonly constrained?: readonly string[];
  readonly deltas?: readonly ScriptDelta[];
  readonly stop_type?: string;
  readonly finish?: string;
  readonly last?: string;
  readonly cut?: "soft" | "hard";
  readonly garbage?: boolean;
  readonly error?: unknown;
  readonly status?: number;
  readonly body?: string;
}

export interface ScriptDelta {
  readonly content?: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly {
    readonly index?: number;
    readonly function?: { readonly name?: string; readonly arguments?: string };
  }[];
}

export interface EngineRequest {
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

export interface VectorStep {
  readonly request: VectorRequest;
  readonly response: VectorResponse;
  readonly volatile?: readonly string[];
  readonly differs_between_runs?: readonly string[];
  readonly engine_requests?: readonly EngineRequest[];
}

export interface VectorCase {
  readonly id: string;
  readonly needs_models?: readonly string[];
  readonly model_dependent_text?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly engine_scripts?: Readonly<Record<string, EngineScript>>;
  /** How the program ends when it may not start at all; such a case has no steps. */
  readonly server_exit?: number;
  readonly stderr_line?: string;
  readonly steps: readonly VectorStep[];
}

interface FixtureList {
  readonly gguf: Readonly<Record<string, string>>;
  /** Models that everybody can get, by the name that cases use. */
  readonly public: Readonly<Record<string, { readonly sha256: string }>>;
  readonly create_requests: readonly { readonly model: string; readonly from: string }[];
}

/** Where the recordings are: `PUNA_VECTORS`, or beside the repository. */
export const vectorsFolder =
  process.env["PUNA_VECTORS"] ?? resolve(import.meta.dirname, "../../../../../shared/vectors");

export const hasVectors = existsSync(join(vectorsFolder, "http/fixtures.json"));

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(vectorsFolder, path), "utf8"));
}

export function readCases(path: string): readonly VectorCase[] {
  return readJson<{ cases?: VectorCase[] }>(path).cases ?? [];
}

export function readFixtures(): FixtureList {
  return readJson<FixtureList>("http/fixtures.json");
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Gives all files of a run one folder for the models of their servers, so that only the first has to make them. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "puna-client-models-"));
  process.env["PUNA_TEST_CLIENT_MODELS"] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

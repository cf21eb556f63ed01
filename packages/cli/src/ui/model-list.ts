import { type ListedModel, printBytes } from "@puna/protocol";
import { humanTime } from "./human-time.ts";
import { printTable } from "./table.ts";

const shortIdLength = 12;

/** The table of `list`. */
export function printModelList(models: readonly ListedModel[], now: Date): string {
  const rows = models.map((model) => [
    model.name,
    model.digest.slice(0, shortIdLength),
    model.remote_model ? "-" : printBytes(model.size),
    humanTime(new Date(model.modified_at), now),
  ]);
  return printTable(["NAME", "ID", "SIZE", "MODIFIED"], rows);
}

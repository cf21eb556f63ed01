import { printCount, type ShowResponse } from "@puna/protocol";
import { printMetadataValue } from "./metadata-value.ts";
import { printRows } from "./table.ts";

const licenceLines = 2;

/** How a card is printed. */
export interface CardOptions {
  /** Metadata and tensors too. */
  readonly verbose?: boolean;
  /** For a terminal with colours: titles stand out. */
  readonly styled?: boolean;
}

/** Room for texts, which are wider than the values of other sections. */
const textWidth = 100;

/** The sections of `show`: a title, rows four spaces in, an empty line behind each. */
export function printModelCard(
  model: ShowResponse,
  { verbose = false, styled = false }: CardOptions = {},
): string {
  const sections: string[] = [];
  const add = (title: string, rows: readonly (readonly string[])[], width?: number) =>
    sections.push(`  ${styled ? `\u001b[1m${title}\u001b[22m` : title}\n${printRows(rows, 4, width)}\n`);
  const { capabilities = [], license, parameters, projector_info, system, tensors = [] } = model;
  add("Model", modelRows(model));
  if (capabilities.length > 0)
    add(
      "Capabilities",
      capabilities.map((name) => [name]),
    );
  if (projector_info) add("Projector", projectorRows(projector_info));
  if (parameters) add("Parameters", parameterRows(parameters));
  if (verbose && model.model_info) add("Metadata", metadataRows(model.model_info));
  if (verbose && tensors.length > 0)
    add(
      "Tensors",
      tensors.map(({ name, type, shape }) => [name, type, `[${(shape ?? []).join(" ")}]`]),
    );
  if (system) add("System", headRows(system), textWidth);
  if (license) add("License", headRows(license), textWidth);
  return sections.join("");
}

function modelRows(model: ShowResponse): string[][] {
  const { details, model_info: info } = model;
  const rows: string[][] = [];
  if (model.remote_host)
    rows.push(["Remote model", model.remote_model ?? ""], ["Remote URL", model.remote_host]);
  // A server that is not ours may leave it out.
  if (!info) {
    rows.push(["architecture", details.family ?? ""], ["parameters", details.parameter_size ?? ""]);
  } else {
    const architecture = textOf(info["general.architecture"]);
    if (architecture !== "") rows.push(["architecture", architecture]);
    const size = details.parameter_size || countOf(info["general.parameter_count"]);
    if (size) rows.push(["parameters", size]);
    addNumber(rows, "context length", info[`${architecture}.context_length`]);
    addNumber(rows, "embedding length", info[`${architecture}.embedding_length`]);
  }
  rows.push(["quantization", details.quantization_level ?? ""]);
  if (model.requires) rows.push(["requires", model.requires]);
  return rows;
}

function projectorRows(info: Readonly<Record<string, unknown>>): string[][] {
  const architecture = textOf(info["general.architecture"]);
  const rows = architecture === "" ? [] : [["architecture", architecture]];
  const count = countOf(info["general.parameter_count"]);
  if (count !== undefined) rows.push(["parameters", count]);
  for (const [label, key] of [
    ["embedding length", "embedding_length"],
    ["dimensions", "projection_dim"],
  ] as const) {
    const values = ["vision", "audio"].map((modality) => info[`${architecture}.${modality}.${key}`]);
    addNumber(
      rows,
      label,
      values.find((value) => typeof value === "number"),
    );
  }
  return rows;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function countOf(value: unknown): string | undefined {
  return typeof value === "number" ? printCount(Math.trunc(value)) : undefined;
}

/** In plain decimals, however large. */
function addNumber(rows: string[][], label: string, value: unknown): void {
  if (typeof value !== "number") return;
  rows.push([label, Math.abs(value) < 1e21 ? String(value) : String(BigInt(value))]);
}

/** The server sends `key<spaces>value` a line; what blanks part stands in columns. */
function parameterRows(parameters: string): string[][] {
  return parameters
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(/\s+/).filter((word) => word !== ""));
}

function metadataRows(info: Readonly<Record<string, unknown>>): string[][] {
  return Object.keys(info)
    .sort()
    .map((key) => [key, printMetadataValue(info[key])]);
}

function headRows(text: string): string[][] {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const rows = lines.slice(0, licenceLines).map((line) => [line]);
  return lines.length > licenceLines ? [...rows, ["..."]] : rows;
}

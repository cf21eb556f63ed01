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

/** The sections of `show`: a title, rows four spaces in, an empty line behind each. */
export function printModelCard(
  model: ShowResponse,
  { verbose = false, styled = false }: CardOptions = {},
): string {
  const section = (title: string, rows: readonly (readonly string[])[]) =>
    rows.length === 0 ? "" : `  ${styled ? `\u001b[1m${title}\u001b[22m` : title}\n${printRows(rows, 4)}\n`;
  const sections = [
    section("Model", modelRows(model)),
    section(
      "Capabilities",
      (model.capabilities ?? []).map((name) => [name]),
    ),
    section("Projector", projectorRows(model)),
    section("Parameters", parameterRows(model.parameters)),
  ];
  if (verbose) {
    sections.push(section("Metadata", metadataRows(model.model_info)));
    sections.push(
      section(
        "Tensors",
        (model.tensors ?? []).map((tensor) => [tensor.name, tensor.type, `[${tensor.shape.join(" ")}]`]),
      ),
    );
  }
  sections.push(section("System", headRows(model.system)), section("License", headRows(model.license)));
  return sections.join("");
}

function modelRows(model: ShowResponse): string[][] {
  const info = model.model_info;
  const architecture = info["general.architecture"];
  const rows: string[][] = [];
  if (model.remote_host)
    rows.push(["Remote model", model.remote_model ?? ""], ["Remote URL", model.remote_host]);
  if (typeof architecture === "string") {
    rows.push(["architecture", architecture]);
    const count = info["general.parameter_count"];
    rows.push([
      "parameters",
      typeof count === "number" && count > 0 ? printCount(count) : model.details.parameter_size,
    ]);
    for (const [label, key] of [
      ["context length", `${architecture}.context_length`],
      ["embedding length", `${architecture}.embedding_length`],
    ] as const) {
      const value = info[key];
      if (typeof value === "number") rows.push([label, String(value)]);
    }
  } else {
    rows.push(["architecture", model.details.family], ["parameters", model.details.parameter_size]);
  }
  rows.push(["quantization", model.details.quantization_level]);
  if (model.requires) rows.push(["requires", model.requires]);
  return rows;
}

function projectorRows(model: ShowResponse): string[][] {
  const info = model.projector_info;
  if (info === undefined) return [];
  const architecture = String(info["general.architecture"] ?? "");
  const rows = [["architecture", architecture]];
  const count = info["general.parameter_count"];
  if (typeof count === "number") rows.push(["parameters", printCount(count)]);
  for (const [label, key] of [
    ["embedding length", "embedding_length"],
    ["dimensions", "projection_dim"],
  ] as const) {
    const value = info[`${architecture}.vision.${key}`];
    if (typeof value === "number") rows.push([label, String(value)]);
  }
  return rows;
}

/** The server sends `key<spaces>value` a line. */
function parameterRows(parameters: string | undefined): string[][] {
  return (parameters ?? "")
    .split("\n")
    .map((line) => /^(\S+)\s+(.*?)\s*$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => [match[1] ?? "", match[2] ?? ""]);
}

function metadataRows(info: Readonly<Record<string, unknown>>): string[][] {
  return Object.keys(info)
    .sort()
    .map((key) => [key, printMetadataValue(info[key])]);
}

function headRows(text: string | undefined): string[][] {
  const lines = (text ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const rows = lines.slice(0, licenceLines).map((line) => [line]);
  return lines.length > licenceLines ? [...rows, ["..."]] : rows;
}

import { expect } from "vitest";
import { isNamespace, ModelName, type ModelNameParts } from "../src/index.ts";
import { testVectors } from "./vectors.ts";

interface NameCase {
  readonly id: string;
  readonly input: string;
  readonly bare: ModelNameParts;
  readonly bare_fully_qualified: boolean;
  readonly merged: ModelNameParts;
  readonly valid: boolean;
  readonly valid_as_namespace: boolean;
  readonly string: string;
  readonly short: string;
  readonly filepath?: string;
  readonly base_url?: string;
  readonly namespace_model?: string;
}

testVectors<NameCase>("names parse, print and validate as recorded", "model-name/names.json", (vector) => {
  const bare = ModelName.parseBare(vector.input);
  const name = ModelName.parse(vector.input);
  const seen = {
    bare: { ...bare },
    bare_fully_qualified: bare.isValid(),
    merged: { ...name },
    valid: name.isValid(),
    valid_as_namespace: isNamespace(vector.input),
    string: name.toString(),
    short: name.toShortString(),
    ...(name.isValid() && {
      filepath: name.manifestPath,
      base_url: name.baseUrl,
      namespace_model: name.namespaceModel,
    }),
  };
  const { id, input: _input, ...expected } = vector;
  expect(seen, id).toEqual(expected);
  if (vector.filepath !== undefined) {
    const back = ModelName.fromManifestPath(vector.filepath);
    expect(back?.toString(), id).toBe(vector.string);
  }
});

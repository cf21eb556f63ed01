import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that take a minute or more, the longest first. Vitest goes by their sizes where it has not seen them run, and
 * would leave one of them to run alone at the end.
 */
const longest = [
  "tests/clients-python.test.ts",
  "tests/examples.test.ts",
  "tests/clients.test.ts",
  "tests/readme.test.ts",
  "tests/packed.test.ts",
  "engine/test/contract-loading.test.ts",
  "engine/test/memory.test.ts",
  "engine/test/gemma.test.ts",
  "api-server/test/vectors.test.ts",
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const index = longest.findIndex((name) => moduleId.replaceAll("\\", "/").endsWith(name));
  return index < 0 ? longest.length : index;
}

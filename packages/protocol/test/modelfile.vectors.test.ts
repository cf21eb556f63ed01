import { expect } from "vitest";
import {
  type Modelfile,
  type ModelfileCommand,
  parseModelfile,
  printModelfile,
  printModelfileCommand,
  toCreateRequest,
} from "../src/modelfile/index.ts";
import { testVectors } from "./vectors.ts";

interface ModelfileCase {
  readonly id: string;
  readonly text?: string;
  readonly bytes_base64?: string;
  readonly error?: string;
  readonly commands?: readonly (ModelfileCommand & { readonly printed: string })[];
  readonly printed?: string;
  readonly create_request?: Readonly<Record<string, unknown>>;
  readonly create_request_error?: string;
  readonly reparse_equal?: boolean;
}

testVectors<ModelfileCase>(
  "Modelfiles parse, print and translate as recorded",
  "modelfile/modelfiles.json",
  async (vector) => {
    const source = vector.text ?? Buffer.from(vector.bytes_base64 ?? "", "base64");
    if (vector.error !== undefined) {
      expect(() => parseModelfile(source), vector.id).toThrow(
        expect.objectContaining({ message: vector.error }),
      );
      return;
    }
    const file = parseModelfile(source);
    const commands = file.commands.map((command) => ({
      ...command,
      printed: printModelfileCommand(command),
    }));
    expect(commands, vector.id).toEqual(vector.commands);
    expect(printModelfile(file), vector.id).toBe(vector.printed);
    if (vector.reparse_equal !== undefined) expect(reparsesEqual(file), vector.id).toBe(vector.reparse_equal);
    expect(parseModelfile(printModelfile(file, { lossless: true })), vector.id).toEqual(file);

    const plan = toCreateRequest(file, async () => undefined);
    if (vector.create_request_error !== undefined) {
      await expect(plan, vector.id).rejects.toMatchObject({ message: vector.create_request_error });
    } else {
      expect({ model: "", name: "", ...(await plan).request }, vector.id).toEqual(vector.create_request);
    }
  },
);

function reparsesEqual(file: Modelfile): boolean {
  try {
    return JSON.stringify(parseModelfile(printModelfile(file))) === JSON.stringify(file);
  } catch {
    return false;
  }
}

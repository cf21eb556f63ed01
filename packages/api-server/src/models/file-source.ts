import { open, stat } from "node:fs/promises";
import type { ByteSource } from "@puna/model-format/gguf";

/** Random access to a file that is opened for each read, so that nothing has to be closed. */
export async function fileSource(path: string): Promise<ByteSource> {
  const { size } = await stat(path);
  return {
    sizeBytes: size,
    async read(offset, length) {
      const wanted = Math.max(0, Math.min(length, size - offset));
      // Filled below; what is not is cut off.
      const bytes = new Uint8Array(Buffer.allocUnsafeSlow(wanted).buffer);
      const handle = await open(path, "r");
      try {
        let filled = 0;
        while (filled < wanted) {
          const { bytesRead } = await handle.read(bytes, filled, wanted - filled, offset + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return filled === wanted ? bytes : bytes.subarray(0, filled);
      } finally {
        await handle.close();
      }
    },
  };
}

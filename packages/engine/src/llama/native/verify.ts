import koffi, { type LibraryHandle } from "koffi";
import { acceptedVersions, defaults, structs } from "./header.ts";

const oversize = 512;

/**
 * Holds the loaded library against the header table: its version, every field of the structs that its
 * `*_default_params()` return, and how many bytes they write. They are read into more bytes than they have, so
 * that one that grew cannot write past its end.
 * @returns the version
 * @throws Error naming the first difference
 */
export function verifyLayout(llama: LibraryHandle): string {
  const version = String(llama.func("const char *llama_version(void)")());
  // Releases carry the suffix -dev as well.
  if (!acceptedVersions.includes(version.replace(/-dev$/, ""))) {
    throw new Error(`llama.cpp ${version} is not one of ${acceptedVersions.join(", ")}`);
  }
  for (const [struct, fields] of Object.entries(defaults)) {
    // A struct of at most 16 bytes comes back in registers and cannot be read oversize.
    const small = koffi.sizeof(struct) <= 16;
    const raw = koffi.struct({
      bytes: koffi.array("uint8_t", small ? koffi.sizeof(struct) : oversize, "Typed"),
    });
    const name = struct.replace(/_params$/, "_default_params");
    const { bytes } = llama.func(name, raw, [])();
    if (!small) checkExtent(llama, name, struct);
    for (const [field, expected] of Object.entries(fields)) {
      const type = typeOf(struct, field);
      const found = koffi.decode(bytes, koffi.offsetof(struct, field), type);
      if (found !== expected) {
        throw new Error(`${struct}.${field} is ${found} where the header of ${version} says ${expected}`);
      }
    }
  }
  return version;
}

/**
 * A field that was added at the end, with a default of nothing, shows only in how far the struct is written.
 * On x64 the place for a returned struct is a hidden first argument, so the place can be one that was marked.
 */
function checkExtent(llama: LibraryHandle, name: string, struct: string): void {
  if (process.arch !== "x64") return;
  const fill = llama.func(name, "void *", ["void *"]);
  const marked = [0x55, 0xaa].map((mark) => {
    const bytes = new Uint8Array(oversize).fill(mark);
    fill(bytes);
    return bytes;
  });
  const [first = new Uint8Array(), second = new Uint8Array()] = marked;
  const end = first.findLastIndex((byte, index) => byte === second[index]) + 1;
  const size = koffi.sizeof(struct);
  // The last bytes may be padding, which nobody has to write.
  if (end > size || end <= size - 8)
    throw new Error(`${struct} has ${end} bytes where its header says ${size}`);
}

function typeOf(struct: string, field: string): string {
  // Struct names of `defaults` are names of `structs`; a test holds them together.
  const fields: Readonly<Record<string, string>> = structs[struct as keyof typeof structs];
  const type = fields[field];
  if (type === undefined) throw new Error(`${struct} has no field ${field}`);
  return type;
}

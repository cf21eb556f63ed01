const blockBytes = 512;
/** Largest size that fits the octal field; above it the size is written in base 256, as GNU tar does. */
const maxOctalSize = 0o77777777777;

/** Head of a plain file in a tar archive. @source POSIX pax interchange format, "ustar" */
export function tarHeader(name: string, sizeBytes: number, modifiedAt: Date): Buffer {
  const header = Buffer.alloc(blockBytes);
  header.write(name, 0, 100, "utf8");
  header.write("0000644\0", 100, "latin1");
  header.write("0000000\0", 108, "latin1");
  header.write("0000000\0", 116, "latin1");
  writeSize(header, sizeBytes);
  header.write(`${octal(Math.floor(modifiedAt.getTime() / 1000), 11)}\0`, 136, "latin1");
  header.fill(" ", 148, 156);
  header.write("0", 156, "latin1");
  header.write("ustar\u000000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148, "latin1");
  return header;
}

/** Zeros that fill a file's last block. */
export function tarPadding(sizeBytes: number): Buffer {
  return Buffer.alloc((blockBytes - (sizeBytes % blockBytes)) % blockBytes);
}

/** Two empty blocks end an archive. */
export const tarEnd = Buffer.alloc(2 * blockBytes);

function writeSize(header: Buffer, sizeBytes: number): void {
  if (sizeBytes <= maxOctalSize) {
    header.write(`${octal(sizeBytes, 11)}\0`, 124, "latin1");
    return;
  }
  header.writeBigUInt64BE(BigInt(sizeBytes), 128);
  header[124] = 0x80;
}

function octal(value: number, width: number): string {
  return value.toString(8).padStart(width, "0");
}

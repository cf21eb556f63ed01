import { StoreError } from "./errors.ts";

/** Raw ed25519 key, 32 bytes each. */
export interface Ed25519Key {
  readonly seed: Buffer;
  readonly publicKey: Buffer;
}

const magic = Buffer.from("openssh-key-v1\0");
const keyType = "ssh-ed25519";
const begin = "-----BEGIN OPENSSH PRIVATE KEY-----";
const end = "-----END OPENSSH PRIVATE KEY-----";
const blockBytes = 8;

/** The key in SSH wire form, as it stands in base64 in `.pub` files. @source RFC 8709 section 4 */
export function publicKeyBlob(publicKey: Buffer): Buffer {
  return Buffer.concat([field(Buffer.from(keyType)), field(publicKey)]);
}

/** An unencrypted OpenSSH private key file. @source openssh PROTOCOL.key */
export function encodeOpenSshKey(key: Ed25519Key, check: Buffer): string {
  const secret = Buffer.concat([
    check,
    check,
    publicKeyBlob(key.publicKey),
    field(Buffer.concat([key.seed, key.publicKey])),
    field(Buffer.alloc(0)),
  ]);
  const padding = Buffer.from(
    Array.from({ length: (blockBytes - (secret.length % blockBytes)) % blockBytes }, (_, index) => index + 1),
  );
  const none = field(Buffer.from("none"));
  const count = Buffer.from([0, 0, 0, 1]);
  const body = Buffer.concat([
    magic,
    none,
    none,
    field(Buffer.alloc(0)),
    count,
    field(publicKeyBlob(key.publicKey)),
    field(Buffer.concat([secret, padding])),
  ]);
  const lines = body.toString("base64").match(/.{1,70}/g) ?? [];
  return `${[begin, ...lines, end].join("\n")}\n`;
}

/** @throws StoreError `IDENTITY_INVALID` for encrypted keys, other kinds, and damaged files */
export function decodeOpenSshKey(text: string, path: string): Ed25519Key {
  const invalid = (why: string) =>
    new StoreError(
      "IDENTITY_INVALID",
      `${path} cannot be used as a key: ${why}; move it away and a new one is made`,
    );
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < 0) throw invalid("it is no OpenSSH private key");
  const body = Buffer.from(text.slice(from + begin.length, to), "base64");
  if (!body.subarray(0, magic.length).equals(magic)) throw invalid("it is no OpenSSH private key");
  const reader = new FieldReader(body.subarray(magic.length), () => invalid("it is cut off"));
  if (reader.next().toString() !== "none") throw invalid("it is encrypted");
  reader.next();
  reader.next();
  reader.skip(4);
  reader.next();
  const secret = new FieldReader(reader.next(), () => invalid("it is cut off"));
  secret.skip(8);
  if (secret.next().toString() !== keyType) throw invalid("it is no ed25519 key");
  const publicKey = secret.next();
  const pair = secret.next();
  if (publicKey.length !== 32 || pair.length !== 64) throw invalid("it is damaged");
  return { seed: pair.subarray(0, 32), publicKey };
}

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

class FieldReader {
  readonly #bytes: Buffer;
  readonly #cutOff: () => Error;
  #position = 0;

  constructor(bytes: Buffer, cutOff: () => Error) {
    this.#bytes = bytes;
    this.#cutOff = cutOff;
  }

  next(): Buffer {
    this.skip(4);
    const length = this.#bytes.readUInt32BE(this.#position - 4);
    this.skip(length);
    return this.#bytes.subarray(this.#position - length, this.#position);
  }

  skip(count: number): void {
    this.#position += count;
    if (this.#position > this.#bytes.length) throw this.#cutOff();
  }
}

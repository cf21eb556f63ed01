import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ensureFolder, syncFolder, writeDurable } from "./durable-files.ts";
import { isErrno } from "./errno.ts";
import { decodeOpenSshKey, encodeOpenSshKey, publicKeyBlob } from "./openssh-key.ts";

/** The key by which registries know this machine: `id_ed25519` beside the models folder, as Ollama makes it. */
export interface Identity {
  /** `ssh-ed25519 <base64>` */
  readonly publicKeyLine: string;
  /** the base64 part of it */
  readonly publicKey: string;
  /** ed25519 signature of the text's UTF-8 bytes, base64 */
  sign(text: string): string;
}

/**
 * Reads the key in `folder` (usually `~/.ollama`), or makes one.
 * @throws StoreError `IDENTITY_INVALID` when the file is no unencrypted OpenSSH ed25519 key
 */
export async function openIdentity(folder: string): Promise<Identity> {
  const path = join(folder, "id_ed25519");
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  });
  if (text !== undefined) return toIdentity(decodeOpenSshKey(text, path));
  await ensureFolder(folder);
  const pair = generateKeyPairSync("ed25519");
  const keys = {
    seed: Buffer.from(pair.privateKey.export({ format: "jwk" }).d ?? "", "base64url"),
    publicKey: Buffer.from(pair.publicKey.export({ format: "jwk" }).x ?? "", "base64url"),
  };
  const identity = toIdentity(keys);
  if (!(await placeKey(path, encodeOpenSshKey(keys, randomBytes(4))))) return await openIdentity(folder);
  const staging = `${path}.pub.${randomBytes(6).toString("hex")}.tmp`;
  const line = Buffer.from(`${identity.publicKeyLine}\n`);
  await writeDurable(`${path}.pub`, line, { staging, label: "identity", trace: () => {} });
  return identity;
}

/** Puts a private key where there is none. @returns false when another process was faster */
async function placeKey(path: string, text: string): Promise<boolean> {
  const staging = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await writeFile(staging, text, { mode: 0o600, flush: true });
    await link(staging, path);
    await syncFolder(dirname(path));
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(staging, { force: true });
  }
}

function toIdentity(keys: { readonly seed: Buffer; readonly publicKey: Buffer }): Identity {
  const privateKey: KeyObject = createPrivateKey({
    format: "jwk",
    key: {
      kty: "OKP",
      crv: "Ed25519",
      d: keys.seed.toString("base64url"),
      x: keys.publicKey.toString("base64url"),
    },
  });
  const publicKey = publicKeyBlob(keys.publicKey).toString("base64");
  return {
    publicKey,
    publicKeyLine: `ssh-ed25519 ${publicKey}`,
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString("base64"),
  };
}

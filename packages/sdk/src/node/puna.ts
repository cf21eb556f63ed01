import { readFile } from "node:fs/promises";
import { Puna as BrowserPuna } from "../client.ts";
import type { ImageInput } from "../types.ts";

/** Longest text that is looked up as a path; base64 of any real picture is longer. */
const maxPathLength = 4096;

/** The client, with one addition for Node: pictures may be given as paths of files. */
export class Puna extends BrowserPuna {
  override async encodeImage(image: ImageInput): Promise<string> {
    if (typeof image !== "string") return Buffer.from(image).toString("base64");
    return (await encodeImageFile(image)) ?? image;
  }
}

/** Content of a file as base64; undefined when there is no such file. */
async function encodeImageFile(path: string): Promise<string | undefined> {
  if (path.length > maxPathLength || path.includes("\0")) return undefined;
  try {
    return await readFile(path, "base64");
  } catch {
    // Not a readable file: then it is base64 already, or the server will say what is wrong with it.
    return undefined;
  }
}

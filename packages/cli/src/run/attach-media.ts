import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { CliError } from "../errors.ts";

/** A text without the paths of pictures and sounds in it, and their contents. */
export interface AttachedMedia {
  readonly text: string;
  /** Base64, in the order of the text. */
  readonly images: readonly string[];
  /** One sentence for each file found. */
  readonly notices: readonly string[];
}

/** Guards against reading a film into a request. */
const maxBytes = 100_000_000;

// Spaces are part of a path, as they are in the names that terminals paste when a file is dropped on them.
const pathPattern = /(?:[a-zA-Z]:)?(?:\.\/|\/|\\)[^\n]*?\.(?:jpe?g|png|webp|wav)\b/gi;

/** Whether a text begins with such a path, rather than with a command of the REPL. */
export function beginsWithMediaPath(text: string): boolean {
  pathPattern.lastIndex = 0;
  return pathPattern.exec(text)?.index === 0;
}

/**
 * Attaches the files that a text names by paths beginning with `./`, `/` or a drive. Paths of no file stay text, and so
 * do those of files that the model cannot take in; the notice says so.
 * @throws CliError `INVALID_INPUT` for a file that is not what its name says, or too large
 */
export async function attachMedia(
  input: string,
  options: { readonly cwd: string; readonly model: string; readonly capabilities: readonly string[] },
): Promise<AttachedMedia> {
  const images: string[] = [];
  const notices: string[] = [];
  let text = input;
  for (const { written, path } of await findFiles(input, options.cwd)) {
    const isAudio = /\.wav$/i.test(path);
    if (!options.capabilities.includes(isAudio ? "audio" : "vision")) {
      notices.push(
        `'${options.model}' cannot ${isAudio ? "hear audio" : "see images"}: '${path}' was not attached`,
      );
      continue;
    }
    images.push(await readMedia(resolve(options.cwd, path), path));
    notices.push(`Added ${isAudio ? "audio" : "image"} '${path}'`);
    text = text.replaceAll(`'${written}'`, "").replaceAll(written, "");
  }
  return { text: images.length > 0 ? text.trim() : input, images, notices };
}

async function findFiles(text: string, cwd: string): Promise<{ written: string; path: string }[]> {
  const found: { written: string; path: string }[] = [];
  for (let from = 0; from < text.length; ) {
    pathPattern.lastIndex = from;
    const match = pathPattern.exec(text);
    if (match === null) break;
    const [written] = match;
    const path = written.replace(/\\([ ()[\]{}$&;'"\\*?~])/g, "$1");
    const isFile = (await stat(resolve(cwd, path)).catch(() => undefined))?.isFile() === true;
    if (isFile) found.push({ written, path });
    // Where nothing lies there, a path may begin later in the same words.
    from = match.index + (isFile ? written.length : 1);
  }
  return found;
}

async function readMedia(file: string, shown: string): Promise<string> {
  const { size } = await stat(file);
  if (size > maxBytes)
    throw new CliError("INVALID_INPUT", `file size exceeds maximum limit (100MB): ${shown}`);
  const bytes = await readFile(file);
  if (!isMedia(bytes)) {
    throw new CliError("INVALID_INPUT", `invalid file type: ${shown} is not a JPEG, PNG, WebP or WAV file`);
  }
  return bytes.toString("base64");
}

function isMedia(bytes: Buffer): boolean {
  const at = (start: number, length: number) => bytes.toString("latin1", start, start + length);
  return (
    at(0, 3) === "\u00ff\u00d8\u00ff" ||
    at(0, 8) === "\u0089PNG\r\n\u001a\n" ||
    (at(0, 4) === "RIFF" && (at(8, 4) === "WEBP" || at(8, 4) === "WAVE"))
  );
}

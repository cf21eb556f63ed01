import { existsSync, readdirSync } from "node:fs";

export interface Chunk {
  readonly path: string;
  readonly heading: string;
  readonly text: string;
}

/** About what an embedding model reads well at once, in characters. */
const longest = 700;

/** Paths of the documents, relative to the repository. */
export function findDocuments(root: URL): string[] {
  const readmes = ["packages", "apps"].flatMap((folder) =>
    readdirSync(new URL(folder, root)).map((name) => `${folder}/${name}/README.md`),
  );
  return ["ARCHITECTURE.md", "SECURITY.md", "README.md", ...readmes].filter((path) =>
    existsSync(new URL(path, root)),
  );
}

/** Cuts a Markdown text at headings, and long sections at lines. */
export function splitDocument(path: string, markdown: string): Chunk[] {
  const chunks: Chunk[] = [];
  let heading = "";
  let text = "";
  const finish = () => {
    if (text.trim() !== "") chunks.push({ path, heading, text: text.trim() });
    text = "";
  };
  for (const line of markdown.split("\n")) {
    const title = /^#+\s+(.*)/.exec(line)?.[1];
    if (title !== undefined || text.length + line.length > longest) finish();
    heading = title ?? heading;
    text += `${line}\n`;
  }
  finish();
  return chunks;
}

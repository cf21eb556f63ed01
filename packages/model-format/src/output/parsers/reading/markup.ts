/** An element of the XML-like markup some families write calls in. */
export interface MarkupNode {
  readonly name: string;
  /** The value in `<name=value>`. */
  readonly attribute: string;
  /** Text directly inside, without that of children. */
  text: string;
  readonly children: MarkupNode[];
}

interface MarkupTag {
  readonly name: string;
  readonly attribute?: string;
  readonly closes: boolean;
}

/** Markup whose tags do not match; worded as Go's XML decoder words it, which clients of the reference see. */
export class MarkupError extends Error {}

export interface MarkupRules {
  /** Global pattern of everything that is a tag; all else is text, whatever characters it has. */
  readonly pattern: RegExp;
  readonly toTag: (match: RegExpExecArray) => MarkupTag;
  /** Name that the first element must have. */
  readonly first?: string;
  /** Name of an element that surrounds all of the source without being written there. */
  readonly root?: string;
}

const illegal = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/**
 * Reads the first element of the source, or with `rules.root` the whole source as one element.
 * @throws MarkupError when tags do not match, none is there, or text has characters XML forbids
 */
export function parseMarkup(source: string, rules: MarkupRules): MarkupNode {
  const open: MarkupNode[] = [];
  const root = rules.root === undefined ? undefined : node(rules.root);
  if (root !== undefined) open.push(root);

  let at = 0;
  const fault = (what: string, end: number): never => {
    const line = source.slice(0, end).split("\n").length;
    throw new MarkupError(`XML syntax error on line ${line}: ${what}`);
  };
  const takeText = (end: number) => {
    const text = source.slice(at, end);
    const bad = illegal.exec(text);
    if (bad !== null) {
      const code = (bad[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      // Go looks at characters when it has read the whole text.
      fault(`illegal character code U+${code}`, end);
    }
    const parent = open.at(-1);
    // XML knows one way to end a line.
    if (parent !== undefined) parent.text += text.replace(/\r\n?/g, "\n");
  };

  for (const match of source.matchAll(rules.pattern)) {
    takeText(match.index);
    at = match.index + match[0].length;
    const tag = rules.toTag(match);
    const parent = open.at(-1);
    if (!tag.closes) {
      if (parent === undefined && rules.first !== undefined && tag.name !== rules.first)
        throw new MarkupError(`expected element type <${rules.first}> but have <${tag.name}>`);
      const child = node(tag.name, tag.attribute);
      parent?.children.push(child);
      open.push(child);
      continue;
    }
    if (parent === undefined) return fault(`unexpected end element </${tag.name}>`, at);
    if (parent.name !== tag.name) return fault(`element <${parent.name}> closed by </${tag.name}>`, at);
    open.pop();
    if (open.length === 0) return parent;
  }

  takeText(source.length);
  const last = open.at(-1);
  if (root !== undefined && last !== undefined && last !== root) {
    return fault(`element <${last.name}> closed by </${root.name}>`, source.length);
  }
  if (root !== undefined) return root;
  if (last !== undefined) return fault("unexpected EOF", source.length);
  throw new MarkupError("EOF");
}

function node(name: string, attribute = ""): MarkupNode {
  return { name, attribute, text: "", children: [] };
}

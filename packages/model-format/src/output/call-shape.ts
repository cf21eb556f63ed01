/** How a template writes calls: as JSON behind a tag, if any, or every argument between tags of its own. */
export type CallShape = JsonCallShape | TaggedCallShape;

export interface JsonCallShape {
  readonly type: "json";
  /** "" where nothing stands before the JSON. */
  readonly tag: string;
  /** Everything in it that may be one token. */
  readonly tokens: readonly string[];
}

/** Text of a template, cut at its blanks: models leave out and add some. */
export type Pieces = readonly string[];

/** Calls whose arguments stand between tags of their own. */
export interface TaggedCallShape {
  readonly type: "tagged";
  /** A blank line that belongs to the calls behind it, or "". */
  readonly lead: string;
  /** Around all calls; nothing where each stands alone. */
  readonly section: { readonly open: Pieces; readonly close: Pieces };
  readonly call: { readonly open: Pieces; readonly nameEnd: Pieces; readonly close: Pieces };
  readonly argument: ArgumentShape;
  readonly tokens: readonly string[];
}

export interface ArgumentShape {
  readonly open: Pieces;
  /** Between key and value. */
  readonly middle: Pieces;
  /** In the middle stands a word that says whether the value is text. */
  readonly kind?: { readonly before: Pieces; readonly after: Pieces; readonly text: string };
  readonly close: Pieces;
  /** Texts may come in `<![CDATA[…]]>`. */
  readonly isWrapped: boolean;
  /** Blanks that the template writes around a value. */
  readonly blanks: { readonly before: string; readonly after: string };
}

/** Stands for the key in what closes an argument, where the tags are named for it. */
export const keyMark = "\u0000";

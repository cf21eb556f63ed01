import { Lexer, type Token } from "marked";

const style = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`;

export const bold = style(1, 22);
export const dim = style(2, 22);
const italic = style(3, 23);
const underline = style(4, 24);
const strike = style(9, 29);
export const codeColor = style(36, 39);

/** Emphasis, code and links of one line as a terminal shows them. Every style it begins, it ends. */
export function renderInline(text: string): string {
  return renderTokens(Lexer.lexInline(text, { gfm: true }));
}

export function renderTokens(tokens: readonly Token[]): string {
  return tokens.map(renderToken).join("");
}

function renderToken(token: Token): string {
  switch (token.type) {
    case "strong":
      return bold(renderTokens(token.tokens ?? []));
    case "em":
      return italic(renderTokens(token.tokens ?? []));
    case "del":
      return strike(renderTokens(token.tokens ?? []));
    case "codespan":
      return codeColor(String(token["text"]));
    case "link":
      return renderLink(renderTokens(token.tokens ?? []), String(token["href"]), token.raw);
    case "image":
      return renderLink(String(token["text"]), String(token["href"]), token.raw);
    case "br":
      return "\n";
    case "escape":
      return String(token["text"]);
    case "text":
      return token.tokens === undefined ? unescapeHtml(token.raw) : renderTokens(token.tokens);
    default:
      return token.raw;
  }
}

/** Bare addresses stay what a terminal makes clickable; a named one shows both. */
function renderLink(label: string, href: string, raw: string): string {
  if (!raw.startsWith("[") && !raw.startsWith("!")) return raw;
  return label === href ? underline(label) : `${underline(label === "" ? href : label)} ${dim(`(${href})`)}`;
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  nbsp: " ",
  "#39": "'",
};

function unescapeHtml(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|nbsp|#39);/g, (whole, name: string) => entities[name] ?? whole);
}

import { isSpace } from "../../../prompt/renderers/trim-space.ts";

/** Length of the longest end of `text` that may grow into one of the tags; 0 when there is none. */
export function partialTagLength(text: string, tags: readonly string[]): number {
  let longest = 0;
  for (const tag of tags) {
    for (let length = Math.min(tag.length - 1, text.length); length > longest; length -= 1) {
      if (text.endsWith(tag.slice(0, length))) longest = length;
    }
  }
  return longest;
}

/**
 * Number of blanks that end `text` before `end`.
 * @param known  so many at its beginning are blanks for sure: an endless run must not be counted for every piece
 */
export function trailingSpaceLength(text: string, end = text.length, known = 0): number {
  let start = end;
  while (start > known && isSpace(text.charAt(start - 1))) start -= 1;
  return start <= known ? end : end - start;
}

/**
 * Number of blanks that begin `text`.
 * @param known  so many of them are known
 */
export function leadingSpaceLength(text: string, known = 0): number {
  let length = known;
  while (length < text.length && isSpace(text.charAt(length))) length += 1;
  return length;
}

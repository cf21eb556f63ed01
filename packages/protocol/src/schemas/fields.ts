import * as z from "zod";
import type { KeepAlive } from "../endpoints/generation.ts";
import { parseKeepAlive } from "../keep-alive.ts";
import type { ThinkValue } from "../message.ts";
import { quoteGo } from "../quote-go.ts";
import { goAnyMap, goBool, goChecked, goList } from "./go-types.ts";

/** Seconds or a duration; its value stays as sent. */
export const keepAlive = goChecked<KeepAlive>(
  parseKeepAlive,
  (value) => typeof value === "number" || typeof value === "string",
);

const thinkLevels: ReadonlySet<unknown> = new Set(["high", "medium", "low", "max"]);

export const think = goChecked<ThinkValue>((value) => {
  if (isThinkValue(value)) return;
  const allowed = '("high", "medium", "low", "max", true, or false)';
  if (typeof value !== "string") throw new Error(`think must be a boolean or string ${allowed}`);
  throw new Error(`invalid think value: ${quoteGo(value)} (must be ${allowed.slice(1)}`);
}, isThinkValue);

function isThinkValue(value: unknown): value is ThinkValue {
  return typeof value === "boolean" || thinkLevels.has(value);
}

/** Types of single options are checked later, by `parseOptions`. */
export const options = goAnyMap;
export const stream = goBool;

/** One picture or sound: standard base64; line breaks are dropped, as Go does. */
const imageData = z.string({ error: "of type []uint8" }).transform((text, context) => {
  const clean = /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, "") : text;
  if (isBase64(clean)) return clean;
  context.addIssue({ code: "custom", message: describeBase64Error(text) });
  return z.NEVER;
});

export const images = goList(imageData, "[]api.ImageData");

/** What Go's decoder says about text that is no base64. */
export function describeBase64Error(text: string): string {
  return `illegal base64 data at input byte ${findBase64Error(text)}`;
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

/** Where Go's decoder gives up, which counts line breaks: at a wrong letter, or where a group of four began that has no end. */
function findBase64Error(text: string): number {
  let groupAt = 0;
  let letters = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? "";
    if (letter === "\r" || letter === "\n") continue;
    if (letter === "=") return findPaddingError(text, at, letters);
    if (!/[A-Za-z0-9+/]/.test(letter)) return at;
    if (letters === 0) groupAt = at;
    letters = (letters + 1) % 4;
  }
  return groupAt;
}

function findPaddingError(text: string, at: number, letters: number): number {
  if (letters < 2) return at;
  const rest = [...text.slice(at + 1).matchAll(/[^\r\n]/g)].map(({ 0: letter, index }) => ({
    letter,
    at: at + 1 + index,
  }));
  if (letters === 3) return rest[0]?.at ?? text.length;
  if (rest[0] === undefined) return text.length;
  return rest[0].letter === "=" ? (rest[1]?.at ?? text.length) : rest[0].at;
}

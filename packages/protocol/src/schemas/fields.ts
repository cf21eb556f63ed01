import * as z from "zod";
import type { KeepAlive } from "../endpoints/generation.ts";
import { parseKeepAlive } from "../keep-alive.ts";
import type { ThinkValue } from "../message.ts";
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
  throw new Error(`invalid think value: ${JSON.stringify(value)} (must be ${allowed.slice(1)}`);
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
  const wrongAt = findBase64Error(clean);
  if (wrongAt < 0) return clean;
  context.addIssue({ code: "custom", message: `illegal base64 data at input byte ${wrongAt}` });
  return z.NEVER;
});

export const images = goList(imageData, "[]api.ImageData");

function findBase64Error(text: string): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const wrong = text.slice(0, text.length - padding).search(/[^A-Za-z0-9+/]/);
  if (wrong >= 0) return wrong;
  return text.length % 4 === 0 ? -1 : text.length;
}

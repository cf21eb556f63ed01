import * as z from "zod";
import { goStructs } from "./go-structs.ts";

/**
 * Building blocks that read what Go's JSON decoder reads into a field of that type. Their messages are the ends of
 * Go's (`of type string`); `describeIssue` makes the whole.
 */
const ofType = (type: string) => ({ error: `of type ${type}` });

export const goString = z.string(ofType("string"));
export const goBool = z.boolean(ofType("bool"));
export const goInt = z.int(ofType("int"));
export const goNumber = z.number(ofType("float64"));
/** A string that is empty when absent. */
export const goText = goString.default("");

export const goList = <T extends z.ZodType>(item: T, type: string) => z.array(item, ofType(type));

export const goMap = <T extends z.ZodType>(value: T, type: string) =>
  z.record(z.string(), value, ofType(type));

/** An object of any content, taken over as it is. */
export const goAnyMap = z.custom<Record<string, unknown>>(isObject, ofType("map[string]interface {}"));

/** @param type  Go's, with its package: `api.Tool`; empty for one without a name */
export const goStruct = <T extends z.ZodRawShape>(
  shape: T,
  type: string,
  options: { readonly decodesItself?: boolean } = {},
) => z.object(shape, ofType(type)).register(goStructs, { type, ...options });

/** Fails with a text of its own where `check` throws; the value stays as it is. */
export const goChecked = <T>(check: (value: unknown) => void, isValue: (value: unknown) => value is T) =>
  z.custom<T>().superRefine((value, context) => {
    // A field that is absent, which no JSON value is: to refuse it costs an error's stack trace before it is let pass.
    if (value === undefined) return;
    try {
      check(value);
    } catch (error) {
      context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
      return;
    }
    if (!isValue(value)) context.addIssue({ code: "custom", message: "unexpected value" });
  });

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

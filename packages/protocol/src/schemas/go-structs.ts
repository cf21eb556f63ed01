import * as z from "zod";

/**
 * Go's type behind an object schema, such as `api.ChatRequest`; error texts name it.
 * `decodesItself`: it has a decoder of its own, so complaints about what is in it name the struct around it.
 */
export const goStructs = z.registry<{ readonly type: string; readonly decodesItself?: boolean }>();

/** The schema without what says that its field may be absent, or what follows it. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodNullable
  ) {
    return unwrap(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.in) : schema;
}

/** Name of the innermost struct on the way to a field, without its package; types without a name have an empty one. */
export function structAround(schema: z.core.$ZodType, path: readonly PropertyKey[]): string {
  let name = "";
  let isFixed = false;
  let current: z.core.$ZodType | undefined = schema;
  for (const key of path) {
    if (current === undefined) break;
    const target = unwrap(current);
    if (target instanceof z.ZodObject) {
      const struct = goStructs.get(target);
      isFixed ||= struct?.decodesItself === true;
      if (struct !== undefined && !isFixed) name = struct.type.slice(struct.type.indexOf(".") + 1);
      current = target.shape[String(key)];
    } else if (target instanceof z.ZodArray) current = target.element;
    else current = target instanceof z.ZodRecord ? target.valueType : undefined;
  }
  return name;
}

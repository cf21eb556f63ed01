import * as z from "zod";

/** Go's name of the struct behind a request schema; error texts begin with it. */
export const requestNames = z.registry<{ readonly name: string }>();

import * as z from "zod";
import type { ToolProperty } from "../tool.ts";
import { goList, goMap, goString, goStruct, goText } from "./go-types.ts";

const strings = goList(goString, "[]string");

/** A lone type in a list is written back as a plain string, so it is kept as one. */
const propertyType = z
  .union([goString, strings], { error: "of type api.PropertyType" })
  .transform((type) => (Array.isArray(type) && type.length === 1 ? (type[0] ?? "") : type));

const toolProperty: z.ZodType<ToolProperty> = goStruct(
  {
    get anyOf() {
      return goList(toolProperty, "[]api.ToolProperty").exactOptional();
    },
    type: propertyType.exactOptional(),
    items: z.unknown().exactOptional(),
    description: goString.exactOptional(),
    enum: goList(z.unknown(), "[]interface {}").exactOptional(),
    get properties() {
      return goMap(toolProperty, "api.ToolPropertiesMap").exactOptional();
    },
    required: strings.exactOptional(),
  },
  "api.ToolProperty",
);

const parameters = goStruct(
  {
    type: goText,
    $defs: z.unknown().exactOptional(),
    items: z.unknown().exactOptional(),
    required: strings.exactOptional(),
    properties: goMap(toolProperty, "api.ToolPropertiesMap").nullable().default(null),
  },
  "api.ToolFunctionParameters",
);

const noParameters = () => ({ type: "", properties: null });

const tool = goStruct(
  {
    type: goText,
    items: z.unknown().exactOptional(),
    function: goStruct(
      { name: goText, description: goString.exactOptional(), parameters: parameters.default(noParameters) },
      "api.ToolFunction",
    ).default(() => ({ name: "", parameters: noParameters() })),
  },
  "api.Tool",
);

export const tools = goList(tool, "api.Tools");

import type { Tool } from "@puna/protocol";
import { GrammarError } from "../errors.ts";
import { automatonOf, complement } from "./automaton.ts";
import { allCharacters } from "./characters.ts";
import { characters, choice, type Expression, empty, repeat, rule, sequence, text } from "./expression.ts";
import { unsupportedReporter } from "./json-schema-to-gbnf.ts";
import { colon, comma, jsonRules, literal, space } from "./json-text.ts";
import { printGrammar } from "./print-grammar.ts";
import { anyText } from "./regex-expression.ts";
import { SchemaCompiler } from "./schema-compiler.ts";
import { SchemaDocument, type SchemaNode } from "./schema-document.ts";
import { readLiterals, readNames, readTexts, readTypes } from "./schema-keywords.ts";
import { automatonExpression } from "./string-language.ts";
import type { ToolCallShape, ToolCallStyle } from "./tool-call-style.ts";

/** `auto`: calls or text, as the model likes; `required`: one call at least; a name: that tool. */
export type ToolChoice = "auto" | "required" | "none" | { readonly name: string };

export interface ToolCallGrammar {
  /** GBNF of one or several calls; the root rule is `root`. */
  readonly grammar: string;
  /** For `auto`: the grammar holds from where this text appears, and the text belongs to it. */
  readonly trigger?: string;
  /** What the grammar does not enforce in arguments, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * A grammar that holds tool calls to the tools offered: names that exist, arguments that satisfy their schemas.
 * @returns undefined where there is nothing to hold: no tools, or `none`
 * @throws GrammarError `SCHEMA_INVALID` when the named tool is not offered or a tool's schema is none
 */
export function toolCallGrammar(
  tools: readonly Tool[],
  toolChoice: ToolChoice,
  style: ToolCallStyle,
): ToolCallGrammar | undefined {
  if (toolChoice === "none" || (tools.length === 0 && typeof toolChoice === "string")) return undefined;
  const wanted =
    typeof toolChoice === "string" ? tools : tools.filter((tool) => tool.function.name === toolChoice.name);
  if (wanted.length === 0) {
    const name = typeof toolChoice === "string" ? "" : toolChoice.name;
    throw new GrammarError(
      "SCHEMA_INVALID",
      `The tool ${name} is asked for, but it is not among the tools offered`,
    );
  }
  const rules = jsonRules();
  const { notes, report } = unsupportedReporter("note");
  for (const [index, tool] of wanted.entries()) {
    const document = new SchemaDocument(parameterSchema(tool));
    const compiler = new SchemaCompiler(document, { unlisted: "where-nothing-is-listed", report, rules });
    rules.set(`call-${index}`, callExpression(compiler, tool.function.name, style.call, `call-${index}`));
  }
  const one = sequence(
    text(style.open),
    choice(...wanted.map((_, index) => rule(`call-${index}`))),
    text(style.close),
  );
  const isSingle = style.between === undefined || typeof toolChoice === "object";
  rules.set("tool-call", one);
  const more = isSingle ? empty : repeat(sequence(text(style.between ?? ""), rule("tool-call")), 0);
  rules.set("root", sequence(rule("tool-call"), more));
  const trigger = style.open === "" ? "{" : style.open.trimEnd();
  return { grammar: printGrammar(rules), notes: [...notes], ...(toolChoice === "auto" ? { trigger } : {}) };
}

// Requests may leave properties out or send null for them.
function parameterSchema(tool: Tool): unknown {
  const { parameters } = tool.function;
  return { ...parameters, type: "object", properties: parameters?.properties ?? {} };
}

function callExpression(
  compiler: SchemaCompiler,
  name: string,
  shape: ToolCallShape,
  ruleName: string,
): Expression {
  const root = compiler.document.root;
  switch (shape.kind) {
    case "object":
      return sequence(
        text("{"),
        space,
        literal(shape.nameKey),
        colon(),
        literal(name),
        space,
        comma(),
        literal(shape.argumentsKey),
        colon(),
        compiler.value([root]),
        space,
        text("}"),
      );
    case "name-then-object":
      return sequence(text(name), text(shape.separator), compiler.value([root]));
    case "tagged-arguments": {
      const required = new Set(readTexts(root, "required"));
      const tagged = readNames(root, "properties").map((key, index) => {
        const schema = compiler.document.child(root, "properties", key);
        const value = taggedValue(compiler, schema, shape.afterValue, `${ruleName}-value-${index}`);
        const tag = sequence(text(shape.beforeKey + key + shape.afterKey), value, text(shape.afterValue));
        return required.has(key) ? tag : repeat(tag, 0, 1);
      });
      return sequence(text(name + shape.afterName), ...tagged);
    }
  }
}

/** Texts stand without quotes and may hold anything but what closes them. */
function taggedValue(
  compiler: SchemaCompiler,
  schema: SchemaNode,
  closing: string,
  name: string,
): Expression {
  const types = readTypes(schema);
  const isText = types?.length === 1 && types[0] === "string";
  if (!isText) return compiler.value([schema]);
  const literals = readLiterals(schema);
  if (literals !== undefined) return choice(...literals.map((value) => text(String(value))));
  const closed = automatonOf(sequence(anyText, text(closing.trim()), anyText));
  return automatonExpression(complement(closed), name, compiler.addRule, {
    one: characters,
    any: repeat(characters(allCharacters), 0),
  });
}

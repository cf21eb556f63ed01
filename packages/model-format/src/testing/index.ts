export { compileGbnf } from "./match-gbnf.ts";
export { gbnfSentences } from "./random-sentence.ts";
export { seededRandom } from "./random-weights.ts";
export {
  type TinyBertOptions,
  type TinyLlamaOptions,
  tinyBert,
  tinyChatTemplate,
  tinyLlama,
  tinyLora,
  tinyWindowed,
} from "./tiny-models.ts";

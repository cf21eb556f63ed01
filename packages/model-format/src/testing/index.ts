export {
  type TinyBertOptions,
  type TinyLlamaOptions,
  tinyBert,
  tinyChatTemplate,
  tinyLlama,
  tinyLora,
} from "./tiny-models.ts";

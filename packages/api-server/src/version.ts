/** The version of Ollama whose behaviour is kept; clients decide by it what they may ask for. */
export const ollamaVersion = "0.34.0";

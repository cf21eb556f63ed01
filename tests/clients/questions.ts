/** What the cases of all clients ask. Answers of so small models are held to their form, not to their wit. */
export const france = [{ role: "user" as const, content: "What is the capital of France?" }];

export const weather = [{ role: "user" as const, content: "What is the weather in Paris?" }];

export const weatherTool = {
  name: "get_weather",
  description: "The weather in a city right now",
  parameters: {
    type: "object" as const,
    properties: { city: { type: "string" as const, description: "Name of the city" } },
    required: ["city"],
  },
};

export const personSchema = {
  type: "object",
  properties: { name: { type: "string" }, age: { type: "integer" } },
  required: ["name", "age"],
  additionalProperties: false,
};

export const person = [{ role: "user" as const, content: "Ada is 36 years old. Who is she?" }];

/** A picture of one pixel. */
export const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

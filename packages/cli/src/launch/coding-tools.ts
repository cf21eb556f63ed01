import type { CodingTool, LaunchSetup } from "./coding-tool.ts";

/** A local server asks for no key; tools refuse to start without one. */
const anyKey = "puna";

const openAiUrl = ({ serverUrl }: LaunchSetup) => `${serverUrl}/v1`;

/** Environment of Claude Code. An empty ANTHROPIC_API_KEY keeps it from preferring a real one over the token. */
const claudeEnv = ({ serverUrl, model }: LaunchSetup): Readonly<Record<string, string>> => ({
  ANTHROPIC_BASE_URL: serverUrl,
  ANTHROPIC_AUTH_TOKEN: anyKey,
  ANTHROPIC_API_KEY: "",
  ANTHROPIC_MODEL: model,
  ANTHROPIC_DEFAULT_OPUS_MODEL: model,
  ANTHROPIC_DEFAULT_SONNET_MODEL: model,
  ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
});

const claude: CodingTool = {
  name: "claude",
  description: "Claude Code, over the Anthropic API",
  command: "claude",
  install: "npm install -g @anthropic-ai/claude-code",
  start: (setup) => ({ args: [], env: claudeEnv(setup) }),
  config: {
    kind: "json",
    file: ".claude/settings.json",
    entries: (setup) =>
      Object.entries(claudeEnv(setup)).map(([name, value]) => ({ path: ["env", name], value })),
  },
  startHint: "claude",
};

const codexKeyVariable = "PUNA_API_KEY";

const codexProvider = (setup: LaunchSetup) => ({
  name: "puna",
  base_url: openAiUrl(setup),
  wire_api: "responses",
});

const codex: CodingTool = {
  name: "codex",
  description: "OpenAI Codex, over the Responses API",
  command: "codex",
  install: "npm install -g @openai/codex",
  // JSON strings are TOML strings too. The key goes by the environment: everybody can read a command line.
  start: (setup) => {
    const provider = { ...codexProvider(setup), env_key: codexKeyVariable };
    const settings: [string, string][] = [
      ["model", setup.model],
      ["model_provider", "puna"],
      ...Object.entries(provider).map(([key, value]): [string, string] => [
        `model_providers.puna.${key}`,
        value,
      ]),
    ];
    return {
      args: settings.flatMap(([key, value]) => ["-c", `${key}=${JSON.stringify(value)}`]),
      env: { [codexKeyVariable]: setup.apiKey },
    };
  },
  config: {
    kind: "file",
    file: ".codex/puna.config.toml",
    content: (setup) => {
      const provider = { ...codexProvider(setup), experimental_bearer_token: setup.apiKey };
      return [
        `model = ${JSON.stringify(setup.model)}`,
        'model_provider = "puna"',
        "",
        "[model_providers.puna]",
        ...Object.entries(provider).map(([key, value]) => `${key} = ${JSON.stringify(value)}`),
        "",
      ].join("\n");
    },
  },
  startHint: "codex --profile puna",
};

const openCodeProvider = (setup: LaunchSetup) => ({
  npm: "@ai-sdk/openai-compatible",
  name: "puna",
  options: { baseURL: openAiUrl(setup), apiKey: anyKey },
  models: { [setup.model]: { name: setup.model } },
});

const openCode: CodingTool = {
  name: "opencode",
  description: "OpenCode, over the OpenAI API",
  command: "opencode",
  install: "npm install -g opencode-ai",
  start: (setup) => ({
    args: [],
    env: {
      // The last of its sources of settings, merged over the others.
      OPENCODE_CONFIG_CONTENT: JSON.stringify({
        provider: { puna: openCodeProvider(setup) },
        model: `puna/${setup.model}`,
      }),
    },
  }),
  config: {
    kind: "json",
    file: ".config/opencode/opencode.json",
    entries: (setup) => [
      { path: ["provider", "puna"], value: openCodeProvider(setup) },
      { path: ["model"], value: `puna/${setup.model}` },
    ],
  },
  startHint: "opencode",
};

const qwen: CodingTool = {
  name: "qwen",
  description: "Qwen Code, over the OpenAI API",
  command: "qwen",
  install: "npm install -g @qwen-code/qwen-code",
  start: (setup) => ({
    args: [],
    env: { OPENAI_BASE_URL: openAiUrl(setup), OPENAI_API_KEY: anyKey, OPENAI_MODEL: setup.model },
  }),
};

const aider: CodingTool = {
  name: "aider",
  description: "aider, over the OpenAI API",
  command: "aider",
  install: "python3 -m pip install aider-install && aider-install",
  start: (setup) => ({
    args: ["--model", `openai/${setup.model}`],
    env: { OPENAI_API_BASE: openAiUrl(setup), OPENAI_API_KEY: anyKey },
  }),
};

export const codingTools: readonly CodingTool[] = [claude, codex, openCode, qwen, aider];

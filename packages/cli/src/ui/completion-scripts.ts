/** What a shell must know of one command. */
export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly string[];
  /** Its first word is the name of a model on the server. */
  readonly takesModel: boolean;
}

type PrintScript = (binName: string, commands: readonly CompletedCommand[]) => string;

/** Names of models come from `list` while a person types; the rest is fixed in the script. */
const listModels = (binName: string) => `${binName} list 2>/dev/null | awk 'NR > 1 { print $1 }'`;

const words = (commands: readonly CompletedCommand[]) => commands.map(({ name }) => name).join(" ");
const flagsOf = ({ flags }: CompletedCommand) => flags.map((flag) => `--${flag}`).join(" ");
const withModels = (commands: readonly CompletedCommand[]) => commands.filter(({ takesModel }) => takesModel);

const bash: PrintScript = (
  binName,
  commands,
) => `# bash completion of ${binName}: source <(${binName} completion bash)
_${binName}() {
  local word="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${words(commands)} help --help --version" -- "$word"))
    return
  fi
  if [[ "$word" == -* ]]; then
    case "$command" in
${commands.map((command) => `      ${command.name}) COMPREPLY=($(compgen -W "${flagsOf(command)} --help" -- "$word")) ;;`).join("\n")}
    esac
    return
  fi
  case "$command" in
    ${withModels(commands)
      .map(({ name }) => name)
      .join("|")})
      # A colon begins a new word in bash: what stands before it is not typed again.
      local typed="\${COMP_LINE:0:COMP_POINT}"; typed="\${typed##* }"
      local found=($(compgen -W "$(${listModels(binName)})" -- "$typed"))
      local before="\${typed%"$word"}"
      [ "$word" = ":" ] && before="$typed"
      COMPREPLY=("\${found[@]#"$before"}") ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -F _${binName} ${binName}
`;

const zshText = (text: string) => text.replace(/[\\'"[\]:$`]/g, "");

const zsh: PrintScript = (binName, commands) => `#compdef ${binName}
# zsh completion of ${binName}: ${binName} completion zsh > "\${fpath[1]}/_${binName}"
_${binName}() {
  local -a commands models
  if (( CURRENT == 2 )); then
    commands=(${commands.map(({ name, description }) => `'${name}:${zshText(description)}'`).join(" ")})
    _describe 'command' commands
    return
  fi
  if [[ "$PREFIX" == -* ]]; then
    case "\${words[2]}" in
${commands.map((command) => `      ${command.name}) compadd -- ${flagsOf(command)} --help ;;`).join("\n")}
    esac
    return
  fi
  case "\${words[2]}" in
    ${withModels(commands)
      .map(({ name }) => name)
      .join("|")})
      models=(\${(f)"$(${listModels(binName)})"})
      compadd -a models ;;
    *) _files ;;
  esac
}
compdef _${binName} ${binName}
`;

const fish: PrintScript = (binName, commands) =>
  [
    `# fish completion of ${binName}: ${binName} completion fish > ~/.config/fish/completions/${binName}.fish`,
    `function __${binName}_models; ${listModels(binName)}; end`,
    ...commands.flatMap((command) => [
      `complete -c ${binName} -n __fish_use_subcommand -a ${command.name} -d '${command.description.replaceAll("'", "\\'")}'`,
      ...command.flags.map(
        (flag) => `complete -c ${binName} -n '__fish_seen_subcommand_from ${command.name}' -l ${flag}`,
      ),
      ...(command.takesModel
        ? [
            `complete -c ${binName} -f -n '__fish_seen_subcommand_from ${command.name}' -a '(__${binName}_models)'`,
          ]
        : []),
    ]),
    "",
  ].join("\n");

export const completionScripts: Readonly<Record<string, PrintScript>> = { bash, zsh, fish };

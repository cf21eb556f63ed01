import type { ListedModel } from "@puna/protocol";
import { printBytes } from "@puna/protocol";
import type { CodingTool } from "../launch/coding-tool.ts";
import type { MenuItem } from "./menu-state.ts";

/** A small model that most machines run, for those who have none yet. */
const firstModel = "qwen3:1.7b";

/** Models to chat with, then tools to start with them. */
export function menuItems(
  models: readonly ListedModel[],
  tools: readonly CodingTool[],
  isInstalled: (command: string) => boolean,
): readonly MenuItem[] {
  const chats = models.filter(
    ({ capabilities }) => capabilities === undefined || capabilities.includes("completion"),
  );
  const chat = chats.map(
    ({ name, size, remote_model, details }): MenuItem => ({
      section: "Chat with",
      label: name.replace(/:latest$/, ""),
      note: [details.parameter_size, remote_model ? "remote" : printBytes(size)]
        .filter((part) => part !== "")
        .join(", "),
      command: ["run", name],
    }),
  );
  const first: MenuItem = {
    section: "Chat with",
    label: firstModel,
    note: "not here yet: downloaded first",
    command: ["run", firstModel],
  };
  const launch = tools.map(
    ({ name, description, command }): MenuItem => ({
      section: "Launch",
      label: name,
      note: isInstalled(command) ? description : `${description} (not installed)`,
      command: ["launch", name],
    }),
  );
  return [...(chat.length > 0 ? chat : [first]), ...launch];
}

import { homedir } from "node:os";
import { join } from "node:path";
import { Args, Flags } from "@oclif/core";
import { AppCommand } from "../app-command.ts";
import { type Config, readConfig } from "../config.ts";
import type { ServicePlan, ServiceSetup } from "../service/service-plan.ts";

export class Service extends AppCommand {
  static override description = "Have 'puna serve' started by systemd or launchd";
  static override args = {
    action: Args.string({ required: true, description: "install, uninstall or status" }),
  };
  static override flags = {
    system: Flags.boolean({
      description: "For the whole machine instead of this user (needs its administrator)",
    }),
    "dry-run": Flags.boolean({ description: "Only print the files and commands" }),
    json: Flags.boolean({ description: "Print JSON" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Service);
    const { deviceGroups, installService, planService, serviceStatus, uninstallService } = await import(
      "../service/manage-service.ts"
    );
    const setup = readSetup(readConfig(process.env), {
      binPath: join(this.config.root, "bin/puna.js"),
      groups: await deviceGroups(),
      isSystem: flags.system ?? false,
    });
    const plan = planService(setup);
    if (flags["dry-run"]) return this.#printPlan(plan, args.action, flags.json ?? false);
    switch (args.action) {
      case "install": {
        const kept = await installService(plan);
        for (const { path } of plan.files)
          this.#print(kept.includes(path) ? `left ${path} as it was` : `wrote ${path}`);
        this.#print(["puna serve runs, now and after each start", ...plan.hints].join("\n"));
        return this.#print(`its log: ${plan.logs}`);
      }
      case "uninstall": {
        const removed = await uninstallService(plan);
        return this.#print(
          removed ? "the service is stopped and removed; settings and models stay" : "no service here",
        );
      }
      case "status": {
        const status = await serviceStatus(plan);
        if (!status.running) process.exitCode = 1;
        if (flags.json) return this.#print(JSON.stringify(status, null, 2));
        if (!status.installed) return this.#print("not installed: 'puna service install' does that");
        return this.#print(`${status.running ? "running" : "installed, not running"}\nits log: ${plan.logs}`);
      }
      default:
        throw new Error(`unknown action "${args.action}": use install, uninstall or status`);
    }
  }

  #print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  #printPlan(plan: ServicePlan, action: string, asJson: boolean): void {
    if (asJson) {
      this.#print(JSON.stringify(plan, null, 2));
      return;
    }
    const files = plan.files.filter(({ isSettings }) => action !== "uninstall" || !isSettings);
    const shown = files.map(({ path, content }) =>
      action === "uninstall" ? `# remove ${path}` : `# write ${path}\n${content}`,
    );
    const line = (command: readonly string[]) => `$ ${command.join(" ")}`;
    const commands = {
      install: [...shown, ...plan.start.map(line)],
      uninstall: [...plan.stop.map(line), ...shown, ...plan.forget.map(line)],
    };
    this.#print((action === "uninstall" ? commands.uninstall : commands.install).join("\n"));
  }
}

/** Names of settings that the server or its runners read; a key that clients show is none of them. */
const serverVariables =
  /^(OLLAMA_|PUNA_(?!API_KEY$)|HTTPS?_PROXY$|NO_PROXY$|SSL_CERT_FILE$|NODE_EXTRA_CA_CERTS$|DOCKER_CONFIG$|(CUDA|HIP|ROCR|GGML_VK)_VISIBLE_DEVICES$|GPU_DEVICE_ORDINAL$|HSA_OVERRIDE_GFX_VERSION$|LD_LIBRARY_PATH$)/i;

function readSetup(
  config: Config,
  { binPath, groups, isSystem }: { binPath: string; groups: readonly string[]; isSystem: boolean },
): ServiceSetup {
  const environment = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && serverVariables.test(name) ? [[name, value] as const] : [],
  );
  return {
    platform: process.platform,
    isSystem,
    userHome: process.env["HOME"] ?? homedir(),
    userId: process.getuid?.() ?? 0,
    configHome: process.env["XDG_CONFIG_HOME"],
    nodePath: process.execPath,
    binPath,
    folders: [
      ...(process.env["PUNA_HOME"] === undefined ? [] : [config.home]),
      ...(process.env["OLLAMA_MODELS"] === undefined ? [] : [config.modelsDir]),
    ],
    environment: Object.fromEntries(environment),
    deviceGroups: groups,
  };
}

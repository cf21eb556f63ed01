import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  deviceGroups,
  installService,
  planService,
  serviceStatus,
  uninstallService,
} from "../src/service/manage-service.ts";
import type { ServiceSetup } from "../src/service/service-plan.ts";

let dir: string;
let path: string | undefined;
const setup = (changes: Partial<ServiceSetup> = {}): ServiceSetup => ({
  platform: "linux",
  isSystem: false,
  userHome: join(dir, "home"),
  userId: 1000,
  nodePath: process.execPath,
  binPath: join(dir, "puna 100%", "puna.js"),
  folders: [],
  environment: { OLLAMA_HOST: "127.0.0.1:11435", OLLAMA_ORIGINS: 'a"b' },
  deviceGroups: [],
  ...changes,
});
const asked = () => readFileSync(join(dir, "asked"), "utf8").trim().split("\n");

/** A service manager that writes down what it is asked, and fails where a test says so. */
function fakeManager(name: string, exitCode = 0): void {
  const file = join(dir, "bin", name);
  const script = `#!/bin/sh\necho "${name} $*" >> ${join(dir, "asked")}\necho no >&2\nexit ${exitCode}\n`;
  writeFileSync(file, script, { mode: 0o755 });
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "puna-service-"));
  for (const folder of ["bin", "home", "puna 100%"]) mkdirSync(join(dir, folder));
  writeFileSync(join(dir, "puna 100%", "puna.js"), "");
  path = process.env["PATH"];
  process.env["PATH"] = `${join(dir, "bin")}:${path}`;
});
afterEach(() => {
  process.env["PATH"] = path;
  rmSync(dir, { recursive: true, force: true });
});

describe("a systemd service of a user", () => {
  const unit = () => join(dir, "home/.config/systemd/user/puna.service");
  const settings = () => join(dir, "home/.config/puna/puna.env");

  it("is written, enabled and started, and starts nothing but puna serve", async () => {
    fakeManager("systemctl");
    expect(await installService(planService(setup()))).toEqual([]);
    expect(asked()).toEqual(["systemctl --user daemon-reload", "systemctl --user enable --now puna.service"]);
    const starts = readFileSync(unit(), "utf8").match(/^Exec.*$/gm);
    expect(starts).toEqual([`ExecStart="${process.execPath}" "${dir}/puna 100%%/puna.js" "serve"`]);
    expect(readFileSync(unit(), "utf8")).toContain("NoNewPrivileges=true");
    expect(statSync(settings()).mode & 0o777).toBe(0o600);
    expect(readFileSync(settings(), "utf8")).toContain(
      'OLLAMA_HOST="127.0.0.1:11435"\nOLLAMA_ORIGINS="a\\"b"\n',
    );
  });

  it("keeps settings that are there, whether it is installed again or removed", async () => {
    fakeManager("systemctl");
    const plan = planService(setup());
    await installService(plan);
    writeFileSync(settings(), "OLLAMA_DEBUG=1\n");
    expect(await installService(plan)).toEqual([settings()]);
    // What runs is stopped, so that it does not go on as it was.
    expect(asked().slice(2)).toEqual([
      "systemctl --user is-active --quiet puna.service",
      "systemctl --user disable --now puna.service",
      "systemctl --user daemon-reload",
      "systemctl --user enable --now puna.service",
    ]);
    expect(await uninstallService(plan)).toBe(true);
    expect(asked().slice(-2)).toEqual([
      "systemctl --user disable --now puna.service",
      "systemctl --user daemon-reload",
    ]);
    expect([existsSync(unit()), readFileSync(settings(), "utf8")]).toEqual([false, "OLLAMA_DEBUG=1\n"]);
    expect(await uninstallService(plan)).toBe(false);
  });

  it("is told by its file and by what systemd says", async () => {
    fakeManager("systemctl");
    const plan = planService(setup());
    expect(await serviceStatus(plan)).toEqual({ installed: false, running: false, files: [] });
    await installService(plan);
    expect(await serviceStatus(plan)).toMatchObject({ installed: true, running: true });
    fakeManager("systemctl", 3);
    expect(await serviceStatus(plan)).toMatchObject({ installed: true, running: false });
  });

  it("fails with the words of systemd, and where there is none", async () => {
    fakeManager("systemctl", 1);
    await expect(installService(planService(setup()))).rejects.toThrow(
      "'systemctl --user daemon-reload' failed: no",
    );
    process.env["PATH"] = join(dir, "home");
    await expect(installService(planService(setup()))).rejects.toThrow(
      "could not run systemctl: it is not here",
    );
  });

  it.skipIf(spawnSync("systemd-analyze", ["--version"]).error !== undefined)(
    "is one that systemd understands, for the user and for the machine",
    async () => {
      for (const isSystem of [false, true]) {
        const plan = planService(
          setup({ isSystem, folders: [join(dir, "not there")], deviceGroups: ["video"] }),
        );
        const file = join(dir, "puna.service");
        const content = plan.files.find(({ isSettings }) => !isSettings)?.content ?? "";
        writeFileSync(file, content);
        const { status, stderr } = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" });
        // It also speaks of units of the machine that are not ours.
        expect(stderr.split("\n").filter((line) => line.includes("puna.service"))).toEqual([]);
        expect(status).toBe(0);
      }
    },
  );
});

describe("a systemd service of the machine", () => {
  it("has a user of its own that sees no homes and writes its own folders", () => {
    const plan = planService(
      setup({
        isSystem: true,
        nodePath: "/usr/bin/node",
        binPath: "/usr/lib/node_modules/puna/bin/puna.js",
        folders: ["/var/lib/puna/models", "/var/lib/puna-2", "/srv/$models"],
        deviceGroups: ["render", "video"],
      }),
    );
    const [settings, unit] = plan.files;
    expect(unit?.path).toBe("/etc/systemd/system/puna.service");
    for (const line of [
      "DynamicUser=true",
      'ReadWritePaths="-/var/lib/puna-2" "-/srv/$models"',
      "SupplementaryGroups=render video",
      "ProtectSystem=strict",
      "ProtectHome=true",
      "WantedBy=multi-user.target",
    ])
      expect(unit?.content).toContain(`${line}\n`);
    expect(settings?.content).toContain('PUNA_HOME="/var/lib/puna"');
    expect(plan.hints).toContain(
      "its user must be able to write to /var/lib/puna-2; once it runs: chown -R puna: /var/lib/puna-2",
    );
  });

  it("is refused where Node.js or puna lie in a home folder, which it could not read", () => {
    const nodePath = "/home/ada/.nvm/versions/node/v24/bin/node";
    expect(() => planService(setup({ isSystem: true, nodePath }))).toThrow(nodePath);
    expect(() => planService(setup({ nodePath }))).not.toThrow();
  });

  it("may open GPUs by the groups that the machine has", async () => {
    const file = join(dir, "group");
    writeFileSync(file, "root:x:0:\nvideo:x:44:ada\n");
    expect(await deviceGroups(file)).toEqual(["video"]);
    expect(await deviceGroups(join(dir, "none"))).toEqual([]);
  });
});

describe("a launchd service", () => {
  it("is a property list with the settings in it, bootstrapped and booted out", async () => {
    fakeManager("launchctl");
    const plan = planService(setup({ platform: "darwin", environment: { OLLAMA_ORIGINS: "<a&b>" } }));
    await installService(plan);
    const list = readFileSync(join(dir, "home/Library/LaunchAgents/dev.puna.serve.plist"), "utf8");
    expect(list).toContain("<key>OLLAMA_ORIGINS</key>\n    <string>&lt;a&amp;b&gt;</string>");
    expect(
      list
        .match(/<array>[\s\S]*<\/array>/)?.[0]
        .match(/<string>.*<\/string>/g)
        ?.at(-1),
    ).toBe("<string>serve</string>");
    const parsed = spawnSync(
      "python3",
      ["-c", "import plistlib,sys; plistlib.loads(sys.stdin.buffer.read())"],
      {
        input: list,
      },
    );
    if (parsed.error === undefined) expect(parsed.status).toBe(0);
    expect(await uninstallService(plan)).toBe(true);
    expect(asked().map((line) => line.split(" ").slice(0, 3))).toEqual([
      ["launchctl", "bootstrap", "gui/1000"],
      ["launchctl", "bootout", "gui/1000/dev.puna.serve"],
    ]);
  });
});

it("is told plainly that other platforms have none", () => {
  expect(() => planService(setup({ platform: "win32" }))).toThrow("no services on win32");
});

import { posix } from "node:path";
import type { PlannedCommand, ServicePlan, ServiceSetup } from "./service-plan.ts";

const unitName = "puna.service";
const settingsMode = 0o600;
const unitMode = 0o644;
/** Where a system service keeps what belongs to it: systemd makes it for the service's own user. */
const systemState = "/var/lib/puna";

/** A service of systemd: a unit, a file of settings, and the commands that make systemd take notice. */
export function planSystemdService(setup: ServiceSetup): ServicePlan {
  const { isSystem, userHome, configHome = posix.join(userHome, ".config") } = setup;
  const settings = isSystem ? "/etc/puna/puna.env" : posix.join(configHome, "puna/puna.env");
  const unit = isSystem
    ? posix.join("/etc/systemd/system", unitName)
    : posix.join(configHome, "systemd/user", unitName);
  const systemctl = (...words: string[]): PlannedCommand => [
    "systemctl",
    ...(isSystem ? [] : ["--user"]),
    ...words,
  ];
  return {
    files: [
      { path: settings, content: printSettings(setup), mode: settingsMode, isSettings: true },
      { path: unit, content: printUnit(setup, settings), mode: unitMode, isSettings: false },
    ],
    start: [systemctl("daemon-reload"), systemctl("enable", "--now", unitName)],
    stop: [systemctl("disable", "--now", unitName)],
    forget: [systemctl("daemon-reload")],
    isRunning: systemctl("is-active", "--quiet", unitName),
    logs: `journalctl ${isSystem ? "" : "--user "}-u puna -f`,
    hints: [
      ...elsewhere(setup).map(
        (folder) => `its user must be able to write to ${folder}; once it runs: chown -R puna: ${folder}`,
      ),
      `settings are in ${settings}; after a change: ${systemctl("restart", unitName).join(" ")}`,
      ...(isSystem ? [] : ["to have it running while you are logged out: loginctl enable-linger"]),
    ],
  };
}

function printUnit(setup: ServiceSetup, settings: string): string {
  const { isSystem, nodePath, binPath } = setup;
  return `# Written by 'puna service install'; 'puna service uninstall' removes it.
[Unit]
Description=puna, large language models on this machine
Documentation=https://www.npmjs.com/package/puna
${isSystem ? "After=network-online.target\nWants=network-online.target\n" : ""}
[Service]
Type=exec
ExecStart=${[nodePath, binPath, "serve"].map((word) => quoteWord(word).replaceAll("$", "$$$$")).join(" ")}
EnvironmentFile=-${settings.replaceAll("%", "%%")}
Restart=on-failure
RestartSec=3
# Streams may end by themselves before the rest is cut.
TimeoutStopSec=30
KillMode=mixed
UMask=0077
${isSystem ? systemIdentity(setup) : ""}
# Nothing here needs more rights than it starts with. Not set: MemoryDenyWriteExecute (JavaScript is compiled in memory)
# and PrivateDevices (GPUs are devices).
${[...commonHardening, ...(isSystem ? systemHardening : [])].join("\n")}

[Install]
WantedBy=${isSystem ? "multi-user.target" : "default.target"}
`;
}

/** A user of its own, made by systemd, that owns nothing but the state folder. */
function systemIdentity(setup: ServiceSetup): string {
  const { deviceGroups } = setup;
  // The dash: a folder that is not there (yet, or a disk that is not mounted) must not keep the service from starting.
  const writable = elsewhere(setup).map((folder) => quoteWord(`-${folder}`));
  return [
    "DynamicUser=true",
    "StateDirectory=puna",
    ...(writable.length > 0 ? [`ReadWritePaths=${writable.join(" ")}`] : []),
    ...(deviceGroups.length > 0 ? [`SupplementaryGroups=${deviceGroups.join(" ")}`] : []),
    "",
  ].join("\n");
}

/** Folders of a system service that systemd does not make for it. */
function elsewhere({ folders, isSystem }: ServiceSetup): readonly string[] {
  return isSystem ? folders.filter((folder) => !`${folder}/`.startsWith(`${systemState}/`)) : [];
}

/** What systemd can do for the services of a user without namespaces, which not every machine allows them. */
const commonHardening = [
  "NoNewPrivileges=true",
  "LockPersonality=true",
  "RestrictSUIDSGID=true",
  "RestrictRealtime=true",
  "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
  "SystemCallArchitectures=native",
];

const systemHardening = [
  "CapabilityBoundingSet=",
  "PrivateTmp=true",
  "ProtectSystem=strict",
  "ProtectHome=true",
  "ProtectClock=true",
  "ProtectControlGroups=true",
  "ProtectHostname=true",
  "ProtectKernelLogs=true",
  "ProtectKernelModules=true",
  "ProtectKernelTunables=true",
  "RestrictNamespaces=true",
];

function printSettings({ isSystem, environment }: ServiceSetup): string {
  const own = isSystem ? { HOME: systemState, PUNA_HOME: systemState } : {};
  const lines = Object.entries({ ...own, ...environment }).map(
    ([name, value]) => `${name}="${value.replace(/[\\"`$]/g, "\\$&")}"\n`,
  );
  return `# Settings of the puna service, one NAME=value a line; 'puna serve --help' lists them.\n${lines.join("")}`;
}

/** One word of a list as systemd reads it; in command lines `$` means something too. */
function quoteWord(word: string): string {
  return `"${word.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`;
}

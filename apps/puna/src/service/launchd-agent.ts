import { posix } from "node:path";
import type { ServicePlan, ServiceSetup } from "./service-plan.ts";

const label = "dev.puna.serve";
const plistMode = 0o600;

/** A service of macOS: one property list, which holds the settings too, since launchd reads no file of them. */
export function planLaunchdService(setup: ServiceSetup): ServicePlan {
  const { isSystem, userHome, userId } = setup;
  const domain = isSystem ? "system" : `gui/${userId}`;
  const path = isSystem
    ? posix.join("/Library/LaunchDaemons", `${label}.plist`)
    : posix.join(userHome, "Library/LaunchAgents", `${label}.plist`);
  const log = isSystem ? "/var/log/puna.log" : posix.join(userHome, "Library/Logs/puna.log");
  return {
    files: [{ path, content: printPlist(setup, log), mode: plistMode, isSettings: false }],
    start: [["launchctl", "bootstrap", domain, path]],
    stop: [["launchctl", "bootout", `${domain}/${label}`]],
    forget: [],
    isRunning: ["launchctl", "print", `${domain}/${label}`],
    logs: `tail -f ${log}`,
    hints: ["settings are those of this shell; to change them, set them and install again"],
  };
}

function printPlist({ nodePath, binPath, environment }: ServiceSetup, log: string): string {
  const string = (text: string) => `<string>${escapeXml(text)}</string>`;
  const variables = Object.entries(environment).map(
    ([name, value]) => `    <key>${escapeXml(name)}</key>\n    ${string(value)}\n`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  ${string(label)}
  <key>ProgramArguments</key>
  <array>
    ${string(nodePath)}
    ${string(binPath)}
    ${string("serve")}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
${variables.join("")}  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ProcessType</key>
  ${string("Interactive")}
  <key>Umask</key>
  <integer>63</integer>
  <key>StandardOutPath</key>
  ${string(log)}
  <key>StandardErrorPath</key>
  ${string(log)}
</dict>
</plist>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

import { type DevicesResponse, printBytes, type SlotUsage } from "@puna/protocol";
import { countOf } from "../ui/count-of.ts";
import { printTable } from "../ui/table.ts";

/** Everything one picture of `top` shows. */
export interface TopPicture {
  readonly serverUrl: string;
  readonly models: readonly SlotUsage[];
  /** Absent where the server does not tell. */
  readonly devices?: DevicesResponse | undefined;
  /** Absent where the server does not tell. */
  readonly activeRequests?: number | undefined;
  readonly rates?: { readonly prompt: number; readonly generated: number } | undefined;
}

const meterWidth = 10;

/** The picture as lines of text. */
export function drawTop({ serverUrl, models, devices, activeRequests, rates }: TopPicture): string {
  const slots = models.reduce((sum, model) => sum + model.slots, 0);
  const busy = models.reduce((sum, model) => sum + model.busy, 0);
  const memory = models.reduce((sum, model) => sum + model.size, 0);
  const facts = [
    `${countOf(models.length, "model")} loaded`,
    `${busy} of ${slots} slots busy`,
    ...(activeRequests === undefined ? [] : [countOf(Math.max(0, activeRequests), "request")]),
    printBytes(memory),
  ];
  const speed =
    rates === undefined
      ? ""
      : `reading ${rates.prompt.toFixed(1)} tokens/s, writing ${rates.generated.toFixed(1)} tokens/s\n`;
  const rows = models.map((model) => [
    model.name,
    `${meter(model.busy, model.slots)} ${model.busy}/${model.slots}`,
    String(model.context_length),
    printBytes(model.size),
    model.size === 0 ? "-" : `${Math.round((model.size_vram / model.size) * 100)}%`,
    model.driver,
    model.pid === null ? "-" : String(model.pid),
  ]);
  const table = printTable(["NAME", "SLOTS", "CONTEXT", "MEMORY", "ON GPU", "DRIVER", "PID"], rows);
  return `${serverUrl}: ${facts.join(", ")}\n${speed}${devicesLine(devices)}\n${table}`;
}

function devicesLine(devices: DevicesResponse | undefined): string {
  if (devices === undefined) return "";
  const each = devices.devices.map(
    ({ name, free, total }) => `${name} ${printBytes(free)} free of ${printBytes(total)}`,
  );
  return `${[devices.driver, ...each].join(", ")}\n`;
}

function meter(busy: number, slots: number): string {
  const full = slots === 0 ? 0 : Math.min(meterWidth, Math.round((busy / slots) * meterWidth));
  return `${"■".repeat(full)}${"·".repeat(meterWidth - full)}`;
}

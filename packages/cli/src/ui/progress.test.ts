import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { ProgressView } from "./progress.ts";
import { drawTransfer, printSeconds } from "./progress-bar.ts";

const recorder = (isTTY = false) => {
  const written: string[] = [];
  return { isTTY, columns: 80, written, write: (text: string) => written.push(text) > 0 };
};

/** A pull of ten seconds, one event each 100 ms. */
const pull = (out: ReturnType<typeof recorder>) => {
  let now = 0;
  using view = new ProgressView(out, () => now);
  view.update({ status: "pulling manifest" });
  for (; now <= 10_000; now += 100) view.update({ status: "pulling abc", total: 1e9, completed: now * 1e5 });
  view.update({ status: "success" });
};

describe("ProgressView", () => {
  it("prints plain lines, every two seconds one, where the output is not a terminal", () => {
    const out = recorder();
    pull(out);
    expect(out.written.join("").split("\n")).toEqual([
      "pulling manifest",
      ...[20, 40, 60, 80].map((percent) => expect.stringContaining(`pulling abc:  ${percent}% ▕`)),
      expect.stringMatching(/^pulling abc: 100% ▕█+▏ {3}1 GB$/),
      "success",
      "",
    ]);
    expect(out.written.join("")).not.toContain("\u001b");
  });

  it("gives work that comes again a line of its own, and says how far what was left has come", () => {
    const out = recorder();
    const view = new ProgressView(out);
    for (const status of ["parsing GGUF", "parsing GGUF", "writing manifest", "parsing GGUF"])
      view.update({ status });
    view.update({ status: "pushing abc", digest: "sha256:abc", total: 1000, completed: 499 });
    view[Symbol.dispose]();
    expect(out.written.join("").split("\n")).toEqual([
      "parsing GGUF",
      "writing manifest",
      "parsing GGUF",
      expect.stringMatching(/^pushing abc {2}50% ▕█+ +▏ {2}499 B\/ {2}1 KB$/),
      "",
    ]);
  });

  it("leaves an empty line where nothing was told", () => {
    const out = recorder();
    new ProgressView(out)[Symbol.dispose]();
    expect(out.written).toEqual(["\n"]);
  });

  it("draws over its own lines in a terminal and shows the cursor again", () => {
    const out = recorder(true);
    pull(out);
    const all = out.written.join("");
    expect(all).toContain("\u001b[2A");
    expect(all).toContain("100 MB/s");
    expect(all.endsWith("\u001b[?25h")).toBe(true);
  });

  it("takes bytes that were there before for no speed", () => {
    const out = recorder(true);
    let now = 0;
    using view = new ProgressView(out, () => now);
    for (; now <= 600; now += 100)
      view.update({ status: "pulling abc", total: 2e9, completed: 1e9 + now * 1e5 });
    expect(out.written.join("")).toMatch(/1\.\d GB\/ +2 GB +100 MB\/s +10s/);
    expect(out.written.join("")).not.toMatch(/GB\/s/);
  });

  it("never moves above the screen", () => {
    const out = { ...recorder(true), rows: 5 };
    const view = new ProgressView(out);
    for (let layer = 0; layer < 20; layer++)
      view.update({ status: `pulling ${layer}`, total: 10, completed: 10 });
    const moves = [...out.written.join("").matchAll(/\u001b\[(\d+)A/g)].map(([, rows]) => Number(rows));
    expect(Math.max(...moves)).toBeLessThan(5);
  });
});

describe("drawTransfer", () => {
  const transfer = {
    label: "pulling 0123456789ab:",
    completed: 5e8,
    total: 1e9,
    rate: 50e6,
    secondsLeft: 10,
  };

  it("is never wider than the terminal", () => {
    for (let columns = 10; columns < 200; columns++) {
      expect(stringWidth(drawTransfer(transfer, columns))).toBeLessThanOrEqual(columns);
    }
  });

  it("shows share, sizes, rate and time left", () => {
    expect(drawTransfer(transfer, 100)).toMatch(
      /^pulling 0123456789ab: {2}50% ▕█+ +▏ 500 MB\/ {2}1 GB {3}50 MB\/s {5}10s$/,
    );
  });

  it("counts wide characters by their cells", () => {
    expect(stringWidth(drawTransfer({ ...transfer, label: "模型模型:" }, 80))).toBeLessThanOrEqual(80);
  });

  it.each([
    [4.2, "5s"],
    [192, "3m12s"],
    [7500, "2h05m"],
    [1e6, "99h+"],
  ])("says %d s as %s", (seconds, text) => {
    expect(printSeconds(seconds)).toBe(text);
  });
});

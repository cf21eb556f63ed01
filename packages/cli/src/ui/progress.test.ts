import { expect, it } from "vitest";
import { drawLine, ProgressView } from "./progress.ts";

const recorder = () => {
  const written: string[] = [];
  return { written, write: (text: string) => written.push(text) > 0 };
};

it("prints plain lines, one for each tenth, where the output is not a terminal", () => {
  const out = recorder();
  using view = new ProgressView(out);
  view.update({ status: "pulling manifest" });
  for (let done = 0; done <= 1000; done += 5) view.update({ status: "pulling abc", total: 1000, completed: done });
  view.update({ status: "success" });
  const lines = out.written.join("").split("\n");
  expect(lines[0]).toBe("pulling manifest");
  expect(lines.filter((line) => line.startsWith("pulling abc")).length).toBeLessThanOrEqual(12);
  expect(lines).toContain("pulling abc: 100% 1 KB/1 KB");
  expect(lines.at(-2)).toBe("success");
});

it("never draws a line wider than the terminal", () => {
  const line = { status: "pulling 0123456789ab", startedAt: 0, startCompleted: 0, completed: 5e8, total: 1e9 };
  for (const width of [20, 40, 60, 80, 200]) {
    expect(drawLine(line, width, 10_000).length).toBeLessThan(width);
  }
  expect(drawLine(line, 100, 10_000)).toContain("50 MB/s");
});

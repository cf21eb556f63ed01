import type { OutputStream } from "../../context.ts";
import type { LineFrame } from "./draw-line.ts";
import { type EditorState, type EditorWorld, editLine, newLine } from "./line-editor.ts";
import { LineView } from "./line-view.ts";
import type { TerminalInput } from "./terminal-input.ts";
import { bufferOf, textOf } from "./text-buffer.ts";

export type LineResult =
  | { readonly type: "line"; readonly text: string }
  /** Ctrl-C; `text` is what had been typed. */
  | { readonly type: "interrupt"; readonly text: string }
  | { readonly type: "end" };

export interface ReadLineOptions extends EditorWorld {
  readonly input: TerminalInput;
  readonly output: OutputStream;
  readonly frame: LineFrame;
  readonly colors: boolean;
  /** Lets a person change the text in their editor. */
  editText(text: string): string;
  /** Calls back whenever the terminal has changed its size. @returns stops that */
  onResize(callback: () => void): () => void;
}

/** Lets one line (which may hold line breaks) be typed: joins keyboard, editor and screen. */
export function readLine(options: ReadLineOptions): Promise<LineResult> {
  const { input, output, history } = options;
  if (input.hasEnded) return Promise.resolve({ type: "end" });
  const view = new LineView(output, options.frame, options.colors);
  let state: EditorState = newLine(history);
  const draw = () => view.draw(state, history);

  return new Promise((resolve) => {
    const stopResizing = options.onResize(draw);
    const finish = (result: LineResult) => {
      stopListening();
      stopResizing();
      view.finish();
      resolve(result);
    };
    let stopListening = () => {};
    const onKey = (event: Parameters<typeof editLine>[1]) => {
      const step = editLine(state, event, options);
      state = step.state;
      switch (step.effect) {
        case "submit":
          draw();
          return finish({ type: "line", text: textOf(state.buffer) });
        case "interrupt":
          return finish({ type: "interrupt", text: textOf(state.buffer) });
        case "end":
          return finish({ type: "end" });
        case "clear-screen":
          view.clearScreen();
          break;
        case "editor":
          view.erase();
          input.release();
          state = { ...state, buffer: bufferOf(options.editText(textOf(state.buffer))) };
          input.hold();
          break;
        case "suspend":
          view.finish();
          input.suspend();
          return;
        case undefined:
          break;
      }
      draw();
    };
    draw();
    stopListening = input.listen(onKey, () => finish({ type: "end" }));
  });
}

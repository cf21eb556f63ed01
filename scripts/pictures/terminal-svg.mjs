/**
 * @typedef {{column: number, width: number, text: string, style: object}} Run
 * @typedef {{columns: number, rows: Run[][]}} Screen
 */

const cell = { width: 8.4, height: 18 };
const padding = 18;
const barHeight = 34;
const fontSize = 14;
const paper = "#12161f";
const ink = "#d6deeb";
const palette = [
  "#3b4252",
  "#ff6b81",
  "#7ee787",
  "#f2cc60",
  "#79b8ff",
  "#d2a8ff",
  "#56d4dd",
  "#d6deeb",
  "#6e7a91",
  "#ff8f9f",
  "#a5f3b0",
  "#ffe08a",
  "#a5d0ff",
  "#e2c5ff",
  "#8be9f0",
  "#ffffff",
];

/** One screen as a picture. */
export function drawScreen(whole, { title }) {
  const screen = { ...whole, rows: withoutEmptyEnd(whole.rows) };
  const { width, height, body } = frameOf(screen, title);
  return wrap(
    width,
    height,
    title,
    body +
      `<g transform="translate(${padding} ${barHeight + padding / 2})">${screen.rows.map((row, at) => drawRow(row, at)).join("")}</g>`,
  );
}

/**
 * Screens one after the other as a picture that moves. Rows that several screens have are kept once.
 * @param frames  what was shown from `at` (milliseconds) on
 */
export function drawRecording(frames, { title, endMs = 2500 }) {
  const { width, height, body } = frameOf(frames[0].screen, title);
  const inner = { width: width - 2 * padding, height: height - barHeight - padding };
  const ids = new Map();
  const symbols = [];
  const strip = frames.map(({ screen }, at) => {
    const uses = screen.rows.map((row, line) => {
      const drawn = drawRow(row, 0);
      if (drawn === "") return "";
      if (!ids.has(drawn)) {
        ids.set(drawn, `r${ids.size}`);
        symbols.push(`<g id="${ids.get(drawn)}">${drawn}</g>`);
      }
      return `<use href="#${ids.get(drawn)}" y="${round(line * cell.height)}"/>`;
    });
    return `<g transform="translate(${at * inner.width} 0)">${uses.join("")}</g>`;
  });
  const total = frames.at(-1).at + endMs;
  const steps = frames.map(
    ({ at }, index) => `${round((at / total) * 100, 3)}%{transform:translateX(${-index * inner.width}px)}`,
  );
  const style = `<style>@keyframes play{${steps.join("")}100%{transform:translateX(${-(frames.length - 1) * inner.width}px)}}.strip{animation:play ${total}ms steps(1,end) infinite}</style>`;
  const film = `<svg x="${padding}" y="${barHeight + padding / 2}" width="${inner.width}" height="${inner.height}" viewBox="0 0 ${inner.width} ${inner.height}"><g class="strip">${strip.join("")}</g></svg>`;
  return wrap(width, height, title, `${style}<defs>${symbols.join("")}</defs>${body}${film}`);
}

/** One empty row may stay below the last that has something in it. */
function withoutEmptyEnd(rows) {
  const last = rows.findLastIndex((row) => row.some(({ text }) => text.trim() !== ""));
  return rows.slice(0, last + 2);
}

function frameOf({ columns, rows }, title) {
  const width = round(columns * cell.width + 2 * padding);
  const height = round(rows.length * cell.height + barHeight + 1.5 * padding);
  const dots = ["#ff5f57", "#febc2e", "#28c840"].map(
    (color, at) => `<circle cx="${20 + at * 20}" cy="${barHeight / 2}" r="6" fill="${color}"/>`,
  );
  const body = `<rect width="${width}" height="${height}" rx="10" fill="${paper}"/>${dots.join("")}<text x="${width / 2}" y="${barHeight / 2 + 4.5}" text-anchor="middle" fill="#7d8799" font-size="13">${escapeXml(title)}</text>`;
  return { width, height, body };
}

function wrap(width, height, title, content) {
  const font = "ui-monospace,'SF Mono',Menlo,'Cascadia Mono',Consolas,'DejaVu Sans Mono',monospace";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(title)}" font-family="${font}" font-size="${fontSize}">${content}</svg>\n`;
}

function drawRow(runs, line) {
  const y = line * cell.height;
  return runs.map((run) => drawRun(run, y)).join("");
}

function drawRun({ column, text, width, style }, y) {
  let fill = colorOf(style.color, style.bold) ?? ink;
  let back = colorOf(style.back);
  if (style.inverse) [fill, back] = [back ?? paper, fill];
  const behind =
    back === undefined
      ? ""
      : `<rect x="${round(column * cell.width)}" y="${round(y)}" width="${round(width * cell.width)}" height="${cell.height}" fill="${back}"/>`;
  const attributes = [
    `fill="${fill}"`,
    ...(style.bold ? ['font-weight="600"'] : []),
    ...(style.dim ? ['opacity="0.6"'] : []),
    ...(style.italic ? ['font-style="italic"'] : []),
    ...(style.underline ? ['text-decoration="underline"'] : []),
  ].join(" ");
  return (
    behind +
    piecesOf(text, column)
      .map((piece) => drawPiece(piece, y, attributes))
      .join("")
  );
}

/** Words apart from gaps and from block characters, which are drawn: fonts disagree on their height and width. */
function piecesOf(text, column) {
  const pieces = [];
  let at = column;
  for (const part of text.match(/█+|■+|[▕▏]|·{3,}| {2,}|(?:(?![█■▕▏]|·{3}| {2}).)+/gu) ?? []) {
    const cells = [...part].reduce(
      (sum, character) => sum + (isWide(character) ? 2 : isMark(character) ? 0 : 1),
      0,
    );
    if (part.trim() !== "") {
      const lead = part.length - part.trimStart().length;
      pieces.push({
        text: part.trim(),
        column: at + lead,
        cells: cells - lead - (part.length - part.trimEnd().length),
      });
    }
    at += cells;
  }
  return pieces;
}

function drawPiece({ text, column, cells }, y, attributes) {
  const x = column * cell.width;
  const width = cells * cell.width;
  const block = (left, top, w, h) =>
    `<rect x="${round(left)}" y="${round(top)}" width="${round(w)}" height="${round(h)}" ${attributes}/>`;
  if (text.startsWith("█")) return block(x, y + 3, width, cell.height - 6);
  if (text === "▕") return block(x + cell.width - 1.5, y + 3, 1.5, cell.height - 6);
  if (text === "▏") return block(x, y + 3, 1.5, cell.height - 6);
  if (text.startsWith("■"))
    return Array.from({ length: cells }, (_, at) =>
      block(x + at * cell.width + 1, y + 5, cell.width - 2, 8),
    ).join("");
  return `<text x="${round(x)}" y="${round(y + 13.5)}" textLength="${round(width)}" lengthAdjust="spacingAndGlyphs" xml:space="preserve" ${attributes}>${escapeXml(text)}</text>`;
}

function colorOf(index, isBold) {
  if (index === undefined || index < 0) return undefined;
  if (index < 16) return palette[index < 8 && isBold ? index + 8 : index];
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey},${grey},${grey})`;
  }
  const at = index - 16;
  const level = (step) => (step === 0 ? 0 : 55 + step * 40);
  return `rgb(${level(Math.floor(at / 36))},${level(Math.floor(at / 6) % 6)},${level(at % 6)})`;
}

function isWide(character) {
  return /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(
    character,
  );
}

function isMark(character) {
  return /\p{Mark}|\u200d|\ufe0f/u.test(character);
}

function escapeXml(text) {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function round(value, digits = 2) {
  return Number(value.toFixed(digits));
}

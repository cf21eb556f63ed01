/** Without the one line feed that markup puts after an opening tag and before a closing one. */
export function trimLineFeed(text: string): string {
  const start = text.startsWith("\n") ? 1 : 0;
  const end = text.endsWith("\n") ? text.length - 1 : text.length;
  return text.slice(start, Math.max(start, end));
}

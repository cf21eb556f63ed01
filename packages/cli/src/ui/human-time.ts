/** `5 minutes ago`, `4 minutes from now`; `zero` for a time that was never set. */
export function humanTime(time: Date | undefined, now: Date, zero = "Never"): string {
  if (time === undefined || Number.isNaN(time.getTime()) || time.getUTCFullYear() <= 1) return zero;
  const seconds = (now.getTime() - time.getTime()) / 1000;
  // A hundred years ahead is how "keep forever" travels on the wire; twenty and some months are still told.
  if (seconds <= -86_400 * 365 * 21) return "Forever";
  return seconds >= 0 ? `${humanDuration(seconds)} ago` : `${humanDuration(-seconds)} from now`;
}

/** One unit, rounded down, the way people say it. */
function humanDuration(seconds: number): string {
  const minutes = Math.trunc(seconds / 60);
  const hours = Math.round(seconds / 3600);
  const days = hours / 24;
  if (seconds < 1) return "Less than a second";
  if (seconds < 2) return "1 second";
  if (seconds < 60) return `${Math.trunc(seconds)} seconds`;
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.trunc(days)} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(days / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(days / 30)} months`;
  return `${Math.trunc(days / 365)} years`;
}

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** A date in local time by Python's format codes, in English; unknown codes stay as they are. */
export function strftime(date: Date, format: string): string {
  return format.replace(/%(-?)([%A-Za-z])/g, (code, dash: string, letter: string) => {
    const text = field(date, letter);
    if (text === undefined) return code;
    return dash === "" ? text : text.replace(/^[0 ]+(?=.)/, "");
  });
}

function field(date: Date, letter: string): string | undefined {
  const month = months[date.getMonth()] ?? "";
  const weekday = weekdays[date.getDay()] ?? "";
  const hour = date.getHours();
  switch (letter) {
    case "Y":
      return String(date.getFullYear());
    case "y":
      return padded(date.getFullYear() % 100);
    case "m":
      return padded(date.getMonth() + 1);
    case "d":
      return padded(date.getDate());
    case "e":
      return String(date.getDate()).padStart(2, " ");
    case "B":
      return month;
    case "b":
    case "h":
      return month.slice(0, 3);
    case "A":
      return weekday;
    case "a":
      return weekday.slice(0, 3);
    case "H":
      return padded(hour);
    case "I":
      return padded(hour % 12 || 12);
    case "p":
      return hour < 12 ? "AM" : "PM";
    case "M":
      return padded(date.getMinutes());
    case "S":
      return padded(date.getSeconds());
    case "j":
      return padded(dayOfYear(date), 3);
    case "F":
      return strftime(date, "%Y-%m-%d");
    case "T":
      return strftime(date, "%H:%M:%S");
    case "%":
      return "%";
    default:
      return undefined;
  }
}

function padded(number: number, digits = 2): string {
  return String(number).padStart(digits, "0");
}

function dayOfYear(date: Date): number {
  const days =
    Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - Date.UTC(date.getFullYear(), 0, 0);
  return days / 86_400_000;
}

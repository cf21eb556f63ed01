/** Recorded cases that are answered otherwise on purpose, with the reason; the README has the table. */
export const deviations: Readonly<Record<string, string>> = {
  "account/offline": "recommends no models of a cloud that is never used",
  "delete/loaded": "section 13: a deleted model is unloaded",
};

/** Recorded cases that are answered otherwise on purpose, with the reason; the README has the table. */
export const deviations: Readonly<Record<string, string>> = {
  "account/offline":
    "recommends no models of a cloud that is never used, and signing out of no account is no defect",
  "delete/loaded": "section 13: a deleted model is unloaded",
};

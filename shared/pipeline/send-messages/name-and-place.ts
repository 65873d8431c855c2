/** An error by its name and where it was thrown. Its message may quote a request, so it is left out. */
export function nameAndPlace(error: unknown): string {
  if (!(error instanceof Error)) return "a value that is no error";
  const place = error.stack?.split("\n").find((line) => /^\s+at /.test(line));
  return place === undefined ? error.name : `${error.name} ${place.trim()}`;
}

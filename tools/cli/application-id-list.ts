import { InvalidArgumentError } from "commander";

/** Of an option. @throws {InvalidArgumentError} where an id is empty, or is none */
export function applicationIdList(text: string): readonly string[] {
  const ids = text.split(",");
  if (ids.every((id) => /^[0-9A-Za-z]+$/.test(id))) return ids;
  throw new InvalidArgumentError("It should be ids of letters and digits, separated by commas.");
}

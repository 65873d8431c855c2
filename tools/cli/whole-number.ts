import { InvalidArgumentError } from "commander";

/** The value of an option that is a count. */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("It should be a whole number from 1 to 999999999.");
  return Number(text);
}

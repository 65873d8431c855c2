import { InvalidArgumentError, Option } from "commander";

/** `--sample`: how many records of a queue a verb looks at, because a queue cannot be listed. */
export function sampleOption(): Option {
  return new Option("--sample <n>", "how many of a queue to look at").argParser(sampleSize).default(1_000);
}

function sampleSize(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("It should be a whole number from 1 to 999999.");
  return Number(text);
}

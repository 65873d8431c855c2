import { Command } from "commander";
import { app } from "./app.ts";
import { campaign } from "./campaign.ts";
import { channel } from "./channel.ts";
import { check } from "./check.ts";
import { deadLetters } from "./dead-letters.ts";
import { deadTokens } from "./dead-tokens.ts";
import { doctor } from "./doctor.ts";
import { EXAMPLES, helpAfter } from "./examples.ts";
import { go } from "./go.ts";
import { importCampaign } from "./import.ts";
import { plan } from "./plan.ts";
import { rate } from "./rate.ts";
import { send } from "./send.ts";
import { show } from "./show.ts";
import { simulate } from "./simulate.ts";
import { start } from "./start.ts";
import { status } from "./status.ts";
import { stop } from "./stop.ts";
import { VERSION } from "./version.ts";

const VERBS = [
  start,
  simulate,
  send,
  check,
  plan,
  importCampaign,
  campaign,
  status,
  show,
  stop,
  go,
  rate,
  deadLetters,
  deadTokens,
  app,
  channel,
  doctor,
];

/** The command `sluice`: one file per verb beside this one. */
export function sluiceProgram(): Command {
  const sluice = new Command("sluice")
    .description("Push notifications on AWS: queue, rate limit, accounting and token hygiene around SendMessages.")
    .version(VERSION);
  for (const verb of VERBS) sluice.addCommand(verb());
  complete(sluice, []);
  return sluice;
}

/** What all verbs have in common, and a command does not give to those that are added to it. */
function complete(command: Command, before: readonly string[]): void {
  const words = [...before, command.name()];
  command.showHelpAfterError(`What it takes, says: ${words.join(" ")} --help`);
  command.exitOverride();
  const example = EXAMPLES[words.slice(1).join(" ")];
  if (example !== undefined) command.addHelpText("after", helpAfter(example));
  for (const verb of command.commands) complete(verb, words);
}

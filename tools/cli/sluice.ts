#!/usr/bin/env -S node --max-semi-space-size=4
import { Command } from "commander";
import { BadFile } from "../../shared/core/campaign/bad-file.ts";
import { app } from "./app.ts";
import { campaign } from "./campaign.ts";
import { channel } from "./channel.ts";
import { check } from "./check.ts";
import { deadLetters } from "./dead-letters.ts";
import { deadTokens } from "./dead-tokens.ts";
import { doctor } from "./doctor.ts";
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
import { UsageError } from "./usage-error.ts";
import { VERSION } from "./version.ts";

/** The command `sluice`: one file per verb beside this one. */
const sluice = new Command("sluice")
  .description("Push notifications on AWS: queue, rate limit, accounting and token hygiene around SendMessages.")
  .version(VERSION)
  .showHelpAfterError("(see --help)");

for (const verb of [
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
])
  sluice.addCommand(verb());

try {
  await sluice.parseAsync();
} catch (error) {
  if (!(error instanceof UsageError || error instanceof BadFile)) throw error;
  process.stderr.write(`sluice: ${error.message}\n`);
  process.exitCode = 2;
}

import { Command } from "commander";
import { overlap } from "../../shared/core/stop/stop.ts";
import { deploymentOf } from "./deployment.ts";
import { print } from "./print.ts";
import { knownStops, LONGEST_WAIT_SECONDS, stopObject, stopsOf } from "./stage-stops.ts";
import { goCommand, type ScopeOptions, scopeOf, scopeWords, withScopeOptions } from "./traffic-scope.ts";

/** `sluice go`: takes back what `sluice stop` has stopped. Ends with 1 where some of it stays stopped. */
export function go(): Command {
  return withScopeOptions(new Command("go"))
    .description("Takes back the stops of what is named, or all of them, within two seconds.")
    .action(async (options: ScopeOptions) => {
      const deployment = await deploymentOf(options.stage);
      const scope = scopeOf(options, deployment);
      const stops = stopsOf(deployment);
      const before = knownStops(await stops.read(), deployment);
      const after = knownStops(await stops.go(scope), deployment);
      const ended = before.length - after.length;
      const wider = after.filter((one) => overlap(one, scope));
      print(
        options.json ?? false,
        [
          ended === 0
            ? `Nothing was stopped that is only about ${scopeWords(scope)}.`
            : `Going on: ${scopeWords(scope)}, within two seconds. What was put back returns within ${LONGEST_WAIT_SECONDS} seconds.`,
          ...wider.map((one) => `Still stopped: ${scopeWords(one)}. To take that back: ${goCommand(one, deployment)}`),
        ],
        { ended, stops: after.map(stopObject) },
      );
      if (wider.length > 0) process.exitCode = 1;
    });
}

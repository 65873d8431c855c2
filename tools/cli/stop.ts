import { Command } from "commander";
import { deploymentOf } from "./deployment.ts";
import { print } from "./print.ts";
import { knownStops, LONGEST_WAIT_SECONDS, stopObject, stopsOf } from "./stage-stops.ts";
import { goCommand, type ScopeOptions, scopeOf, scopeWords, withScopeOptions } from "./traffic-scope.ts";

/** `sluice stop`: the big red button. */
export function stop(): Command {
  return withScopeOptions(new Command("stop"))
    .description("Sends nothing more of what is named, or nothing at all, within two seconds; sluice go takes it back.")
    .action(async (options: ScopeOptions) => {
      const deployment = await deploymentOf(options.stage);
      const scope = scopeOf(options, deployment);
      const stops = knownStops(await stopsOf(deployment).stop({ ...scope, sinceMs: Date.now() }), deployment);
      print(
        options.json ?? false,
        [
          `Stopped: ${scopeWords(scope)}. Within two seconds no call begins any more; those under way are not called back.`,
          `Requests wait on their queue, ${LONGEST_WAIT_SECONDS} seconds at a time at most, and expire when their time is up.`,
          `To take it back: ${goCommand(scope, deployment)}`,
        ],
        { stops: stops.map(stopObject) },
      );
    });
}

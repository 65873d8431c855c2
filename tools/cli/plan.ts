import { Command, Option } from "commander";
import type { Call, Packing } from "../../shared/core/plan/call.ts";
import { plan as planCalls } from "../../shared/core/plan/plan.ts";
import { slicesOf } from "../../shared/core/plan/slices.ts";
import { checkRequests, validRequests } from "./check.ts";
import { print, table } from "./print.ts";
import { readRequestsFile } from "./requests-file.ts";
import { UsageError } from "./usage-error.ts";

/** `sluice plan FILE`: which requests share a call, and why others do not. */
export function plan(): Command {
  return new Command("plan")
    .description("Shows which send requests of a file share a SendMessages call, and why others do not.")
    .argument("<file>", "one JSON object, a JSON array, or JSON lines; - for standard input")
    .addOption(
      new Option("--packing <packing>", "what an address may carry for itself")
        .choices(["identical", "text", "all"])
        .default("text"),
    )
    .option("--json", "print one JSON object")
    .action(async (file: string, options: { packing: Packing; json?: true }) => {
      const checked = checkRequests(await readRequestsFile(file), undefined);
      const refused = checked.filter((request) => !request.ok).length;
      if (refused > 0) {
        throw new UsageError(`${refused} of ${checked.length} requests are not valid. Run: sluice check ${file}`);
      }
      const slices = validRequests(checked).flatMap((request, record) => slicesOf(request, { record }));
      const { calls, unpackedBecause } = planCalls(slices, { packing: options.packing, nowMs: Date.now() });
      const addresses = calls.reduce((sum, call) => sum + call.addresses.length, 0);
      const summary = { requests: checked.length, addresses, calls: calls.length, fewest: fewestCalls(calls) };
      const rows = calls.map((call, index) => [
        index + 1,
        call.applicationId,
        call.channelType,
        call.addresses.length,
        new Set(call.addresses.map((address) => address.slice.record)).size,
      ]);
      const because = [...unpackedBecause].map(([reason, count]) => `  ${reason}: ${count}`);
      print(
        options.json ?? false,
        [
          ...table(["call", "application", "channel", "addresses", "requests"], rows),
          "",
          `${summary.requests} requests, ${summary.addresses} addresses: ${summary.calls} calls; ${summary.fewest} if everything packed.`,
          ...(because.length === 0 ? [] : ["Kept apart by:", ...because]),
        ],
        { ...summary, unpackedBecause: Object.fromEntries(unpackedBecause), perCall: rows.map(toPerCall) },
      );
    });
}

function toPerCall([call, applicationId, channelType, addresses, requests]: readonly (string | number)[]) {
  return { call, applicationId, channelType, addresses, requests };
}

/** One call for every 100 addresses of an application and channel: what no packing can better. */
function fewestCalls(calls: readonly Call[]): number {
  const addresses = new Map<string, number>();
  for (const { applicationId, channelType, addresses: own } of calls) {
    const key = `${applicationId} ${channelType}`;
    addresses.set(key, (addresses.get(key) ?? 0) + own.length);
  }
  return [...addresses.values()].reduce((sum, count) => sum + Math.ceil(count / 100), 0);
}

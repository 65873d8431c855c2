import { parseArgs } from "node:util";
import type { DeadToken } from "../../../shared/core/outcome/dead-token-record.ts";
import { build } from "../../../tools/build.ts";
import { queueDepth } from "../../../tools/local/queue-depth.ts";
import { startStack } from "../../../tools/local/stack.ts";
import { embeddedDatapoints } from "../../support/alarm-evaluator.ts";
import { sendBodies } from "../../support/sqs.ts";
import { devices, requestTo } from "../../unit/pipeline/rig.ts";
import { percentile } from "../rate/measures.ts";

const OPTIONS = {
  addresses: { type: "string", default: "100000" },
  dead: { type: "string", default: "0.005" },
} as const;

const ADDRESSES_PER_REQUEST = 100;

/**
 * `npm run bench -- dead-tokens`: a normal day. The local stack sends to many, a share of whom is dead; then each of these has
 * to be in an event, and nobody held. The lag of an event is from when its first token was found dead until the bus has it.
 *
 * Prints a line of JSON. The exit code is 1 when a dead token is in no event, or a token is held.
 */
export async function bench(flags: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...flags], options: OPTIONS });
  const all = devices(Number(values.addresses), "phone");
  const every = Math.round(1 / Number(values.dead));
  const dead = all.filter((_, index) => index % every === 0);
  await build();
  const lines: string[] = [];
  const stack = await startStack({
    onLog: ({ stream, line }) => {
      if (stream === "stdout") lines.push(line);
    },
  });
  try {
    await stack.simulator.play({ addresses: [{ when: { tokens: dead }, result: { kind: "dead" } }] });
    const bodies = Array.from({ length: Math.ceil(all.length / ADDRESSES_PER_REQUEST) }, (_, nth) =>
      requestTo(all.slice(nth * ADDRESSES_PER_REQUEST, (nth + 1) * ADDRESSES_PER_REQUEST), {
        ApplicationId: stack.applicationIds[0],
      }),
    );
    await sendBodies(stack.sqs, stack.queueUrls.campaign, bodies);
    await stack.idle();
    await stack.retired();

    const events = await stack.eventBus.events();
    const tokens = events.map(({ detail }) => detail["Tokens"] as readonly DeadToken[]);
    const told = new Set(tokens.flatMap((some) => some.map(({ Token }) => Token)));
    const held = await queueDepth(stack.sqs, stack.queueUrls.heldTokens);
    const lags = embeddedDatapoints(lines).flatMap(({ name, dimensions, values }) =>
      name === "RetireLag" && !("ChannelType" in dimensions) ? values : [],
    );
    const found = {
      addresses: all.length,
      dead: dead.length,
      told: dead.filter((token) => told.has(token)).length,
      alive: told.size - dead.filter((token) => told.has(token)).length,
      held: held.visible + held.inFlight,
      events: events.length,
      lagSeconds: { least: Math.min(...lags), median: percentile(lags, 0.5), most: Math.max(...lags) },
    };
    console.log(JSON.stringify(found));
    if (found.told !== found.dead || found.alive + found.held > 0) process.exitCode = 1;
  } finally {
    await stack.close();
  }
}

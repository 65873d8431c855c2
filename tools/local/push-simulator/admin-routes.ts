import { createInterface } from "node:readline";
import { Comparing, type Expectation, expectationsOf } from "./compare.ts";
import type { DeviceAddress } from "./device-log.ts";
import { type Exchange, nowMs, type Route, readBody } from "./exchange.ts";
import { readScript, ScriptError } from "./read-script.ts";
import type { CallReply } from "./send-messages.ts";
import type { PushRequest } from "./wire.ts";

/** Under which the simulator is looked at and told what to do. */
export const ADMIN_PATH = "/_simulator/";

/** What the service does not have: how to see what it saw, and how to change what it does. */
export const ADMIN_ROUTES: readonly Route[] = [
  { method: "GET", path: /^\/_simulator\/ledger$/, handle: ({ simulation }) => json(simulation.ledger()) },
  { method: "GET", path: /^\/_simulator\/devices$/, handle: getDevice },
  { method: "GET", path: /^\/_simulator\/script$/, handle: ({ simulation }) => json(simulation.run.script) },
  { method: "PUT", path: /^\/_simulator\/script$/, handle: putScript },
  { method: "POST", path: /^\/_simulator\/compare$/, handle: postCompare },
  { method: "POST", path: /^\/_simulator\/reset$/, handle: postReset },
];

/** One line of a comparison: an expectation, or a send request, which expects what it orders. */
export type ComparisonLine =
  | Expectation
  | { readonly ApplicationId: string; readonly MessageRequest: PushRequest; readonly Times?: number };

/** `?applicationId=…&channelType=…&token=…`: all that this device was answered, in order. */
function getDevice({ simulation, query }: Exchange): CallReply {
  const missing = ["applicationId", "channelType", "token"].filter((name) => !query.has(name));
  if (missing.length > 0) return json({ problems: missing.map((name) => `The query has no ${name}`) }, 400);
  return json(simulation.answersOf(Object.fromEntries(query) as unknown as DeviceAddress));
}

async function putScript({ simulation, request }: Exchange): Promise<CallReply> {
  const body = await readBody(request, MOST_SCRIPT_BYTES);
  try {
    simulation.play(readScript(JSON.parse(body ?? "")), nowMs());
  } catch (error) {
    if (error instanceof ScriptError) return json({ problems: error.problems }, 400);
    if (error instanceof SyntaxError)
      return json({ problems: [`The script is not valid JSON: ${error.message}`] }, 400);
    throw error;
  }
  return json(simulation.run.script);
}

const MOST_SCRIPT_BYTES = 100_000_000;

/** A `ComparisonLine` a line, as many as there are. */
async function postCompare({ simulation, request }: Exchange): Promise<CallReply> {
  const comparing = new Comparing(simulation.log);
  let lineNumber = 0;
  for await (const line of createInterface({ input: request, crlfDelay: Number.POSITIVE_INFINITY })) {
    lineNumber++;
    if (line === "") continue;
    try {
      for (const expectation of readLine(line)) comparing.expect(expectation);
    } catch (error) {
      return json({ problems: [`Line ${lineNumber} is no expectation: ${(error as Error).message}`] }, 400);
    }
  }
  return json(comparing.finish());
}

function readLine(line: string): Iterable<Expectation> {
  const read = JSON.parse(line) as ComparisonLine;
  return "MessageRequest" in read ? expectationsOf(read.ApplicationId, read.MessageRequest, read.Times) : [read];
}

function postReset({ simulation }: Exchange): CallReply {
  simulation.reset(nowMs());
  return json(simulation.ledger());
}

function json(value: unknown, status = 200): CallReply {
  return { answer: { status, body: JSON.stringify(value) } };
}

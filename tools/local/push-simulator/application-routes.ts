import type { Application, Applications, Channel } from "./applications.ts";
import { type Exchange, type Route, readBody } from "./exchange.ts";
import { type CallReply, errorReply, NOT_FOUND } from "./send-messages.ts";
import { PUSH_CHANNEL_TYPES } from "./wire.ts";

/**
 * Applications, their channels and their tags: what sets up an account before anything can be sent.
 *
 * @see https://docs.aws.amazon.com/pinpoint/latest/apireference/apps.html
 */
export const APPLICATION_ROUTES: readonly Route[] = [
  { method: "POST", path: /^\/v1\/apps$/, handle: createApp },
  { method: "GET", path: /^\/v1\/apps$/, handle: getApps },
  { method: "GET", path: /^\/v1\/apps\/([^/]+)$/, handle: withApplication(getApp) },
  { method: "DELETE", path: /^\/v1\/apps\/([^/]+)$/, handle: withApplication(deleteApp) },
  { method: "GET", path: /^\/v1\/apps\/([^/]+)\/channels$/, handle: withApplication(getChannels) },
  { method: "GET", path: /^\/v1\/apps\/([^/]+)\/channels\/([^/]+)$/, handle: withApplication(getChannel) },
  { method: "PUT", path: /^\/v1\/apps\/([^/]+)\/channels\/([^/]+)$/, handle: withApplication(updateChannel) },
  { method: "DELETE", path: /^\/v1\/apps\/([^/]+)\/channels\/([^/]+)$/, handle: withApplication(deleteChannel) },
  { method: "POST", path: /^\/v1\/tags\/(.+)$/, handle: tagResource },
  { method: "DELETE", path: /^\/v1\/tags\/(.+)$/, handle: untagResource },
];

async function createApp(exchange: Exchange): Promise<CallReply> {
  const { Name, tags } = ((await readJson(exchange)) ?? {}) as { Name?: string; tags?: Record<string, string> };
  if (typeof Name !== "string" || Name === "") return badRequest("Name is required", exchange);
  return ok(writeApplication(exchange.simulation.applications.create(Name, tags ?? {})), 201);
}

/** In the order of their making; `token` is the place at which a page begins. */
function getApps({ simulation, query }: Exchange): CallReply {
  const from = Number(query.get("token") ?? 0);
  const until = from + Number(query.get("page-size") ?? 100);
  const all = simulation.applications.all();
  return ok({
    Item: all.slice(from, until).map(writeApplication),
    ...(until < all.length ? { NextToken: String(until) } : {}),
  });
}

function getApp(application: Application): CallReply {
  return ok(writeApplication(application));
}

function deleteApp(application: Application, { simulation }: Exchange): CallReply {
  simulation.applications.remove(application.id);
  return ok(writeApplication(application));
}

function getChannels(application: Application): CallReply {
  return ok({ Channels: Object.fromEntries(application.channels) });
}

function getChannel(application: Application, exchange: Exchange): CallReply {
  const channelType = channelTypeIn(exchange);
  const channel = channelType && application.channels.get(channelType);
  return channel === undefined ? errorReply(NOT_FOUND, exchange.requestId) : ok(channel);
}

async function updateChannel(application: Application, exchange: Exchange): Promise<CallReply> {
  const channelType = channelTypeIn(exchange);
  if (channelType === undefined) return errorReply(NOT_FOUND, exchange.requestId);
  const update = await readJson(exchange);
  if (update === undefined) return badRequest("The request body is not valid JSON", exchange);
  const result: Channel | { readonly problem: string } = application.update(channelType, update);
  return "problem" in result ? badRequest(result.problem, exchange) : ok(result);
}

function deleteChannel(application: Application, exchange: Exchange): CallReply {
  const channelType = channelTypeIn(exchange);
  const channel = channelType && application.remove(channelType);
  return channel === undefined ? errorReply(NOT_FOUND, exchange.requestId) : ok(channel);
}

async function tagResource(exchange: Exchange): Promise<CallReply> {
  const application = taggedApplication(exchange.simulation.applications, exchange);
  if (application === undefined) return errorReply(NOT_FOUND, exchange.requestId);
  const { tags = {} } = ((await readJson(exchange)) ?? {}) as { tags?: Record<string, string> };
  for (const [key, value] of Object.entries(tags)) application.tags.set(key, value);
  return { answer: { status: 204, body: "" } };
}

function untagResource(exchange: Exchange): CallReply {
  const application = taggedApplication(exchange.simulation.applications, exchange);
  if (application === undefined) return errorReply(NOT_FOUND, exchange.requestId);
  for (const key of exchange.query.getAll("tagKeys")) application.tags.delete(key);
  return { answer: { status: 204, body: "" } };
}

function withApplication(
  handle: (application: Application, exchange: Exchange) => CallReply | Promise<CallReply>,
): Route["handle"] {
  return (exchange) => {
    const application = exchange.simulation.applications.get(exchange.pathParameters[0] ?? "");
    return application === undefined ? errorReply(NOT_FOUND, exchange.requestId) : handle(application, exchange);
  };
}

/** The path's last part is the channel type in small letters. */
function channelTypeIn({ pathParameters }: Exchange) {
  return PUSH_CHANNEL_TYPES.find((channelType) => channelType.toLowerCase() === pathParameters[1]);
}

function taggedApplication(applications: Applications, { pathParameters }: Exchange): Application | undefined {
  return applications.all().find(({ arn }) => arn === pathParameters[0]);
}

function writeApplication({ id, name, arn, createdAt, tags }: Application) {
  return { Arn: arn, Id: id, Name: name, CreationDate: createdAt, tags: Object.fromEntries(tags) };
}

async function readJson({ request }: Exchange): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse((await readBody(request, MOST_BODY_BYTES)) ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const MOST_BODY_BYTES = 1_000_000;

function ok(value: unknown, status = 200): CallReply {
  return { answer: { status, body: JSON.stringify(value) } };
}

function badRequest(message: string, { requestId }: Exchange): CallReply {
  return errorReply({ name: "BadRequestException", message }, requestId);
}

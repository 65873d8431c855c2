import type { JsonObject } from "./parse-json.ts";
import { isJsonObject, parseJson } from "./parse-json.ts";
import type { Problem } from "./problem.ts";

/**
 * The send request in a record's body, which is the request itself, an EventBridge event with the request as `detail`,
 * an SNS notification with the request's JSON as `Message`, or an EventBridge event in an SNS notification. They are
 * told apart by shape; what has a `MessageRequest` is the request. `path` leads to it: ``, `detail`, `Message` or
 * `Message.detail`.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
 * @see https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html
 */
export function unwrapEnvelope(
  body: string,
):
  | { readonly ok: true; readonly value: unknown; readonly path: string }
  | { readonly ok: false; readonly problem: Problem } {
  const json = parseJson(body);
  if (!json.ok) {
    return { ok: false, problem: { path: "body", message: json.message } };
  }
  // Nearly every body.
  if (!isEnvelope(json.value)) {
    return { ok: true, value: json.value, path: "" };
  }
  if (!isNotification(json.value)) {
    return { ok: true, ...unwrapEvent(json.value, "") };
  }
  const message = parseJson(json.value.Message);
  return message.ok
    ? { ok: true, ...unwrapEvent(message.value, "Message") }
    : { ok: false, problem: { path: "Message", message: message.message } };
}

function unwrapEvent(value: unknown, path: string): { readonly value: unknown; readonly path: string } {
  if (!isEvent(value)) {
    return { value, path };
  }
  return { value: value["detail"], path: path === "" ? "detail" : `${path}.detail` };
}

function isNotification(value: unknown): value is JsonObject & { readonly Message: string } {
  return isEnvelope(value) && value["Type"] === "Notification" && typeof value["Message"] === "string";
}

function isEvent(value: unknown): value is JsonObject {
  return isEnvelope(value) && Object.hasOwn(value, "detail") && typeof value["detail-type"] === "string";
}

function isEnvelope(value: unknown): value is JsonObject {
  return isJsonObject(value) && !Object.hasOwn(value, "MessageRequest");
}

import { describe, expect, it } from "vitest";
import { unwrapEnvelope } from "../../../shared/core/request/unwrap-envelope.ts";

const request = { MessageRequest: { Addresses: {} } };
const event = (detail: unknown) => ({ version: "0", "detail-type": "Parcel Shipped", source: "shop", detail });
const notification = (message: unknown) => ({
  Type: "Notification",
  TopicArn: "arn",
  Message: JSON.stringify(message),
});

describe("unwrapEnvelope", () => {
  it.each([
    { shape: "a send request", body: request, path: "", value: request },
    { shape: "an event", body: event(request), path: "detail", value: request },
    { shape: "a notification", body: notification(request), path: "Message", value: request },
    { shape: "a notification of an event", body: notification(event(request)), path: "Message.detail", value: request },
    { shape: "an event of something else", body: event("hello"), path: "detail", value: "hello" },
    { shape: "an event without detail", body: { "detail-type": "x" }, path: "", value: { "detail-type": "x" } },
    { shape: "a detail alone", body: { detail: request }, path: "", value: { detail: request } },
    {
      shape: "a notification of a notification",
      body: notification(notification(1)),
      path: "Message",
      value: notification(1),
    },
    { shape: "an event of a notification", body: event(notification(1)), path: "detail", value: notification(1) },
    {
      shape: "another type",
      body: { Type: "Other", Message: "{}" },
      path: "",
      value: { Type: "Other", Message: "{}" },
    },
    { shape: "no message", body: { Type: "Notification" }, path: "", value: { Type: "Notification" } },
    {
      shape: "a request in an event's clothes",
      body: { ...event(1), ...request },
      path: "",
      value: { ...event(1), ...request },
    },
    { shape: "a list", body: [request], path: "", value: [request] },
    { shape: "null", body: null, path: "", value: null },
  ])("$shape: the request is at '$path'", ({ body, path, value }) => {
    expect(unwrapEnvelope(JSON.stringify(body))).toEqual({ ok: true, path, value });
  });

  it.each([
    { body: "{", path: "body" },
    { body: '{"Type":"Notification","Message":"hello"}', path: "Message" },
  ])("$body is not JSON: $path", ({ body, path }) => {
    expect(unwrapEnvelope(body)).toMatchObject({ ok: false, problem: { path } });
  });
});

import { pinpointClient, pinpointPushService } from "../../shared/aws/pinpoint-push-service.ts";
import { systemClock } from "../../shared/aws/system-clock.ts";
import type { PushService } from "../../shared/ports.ts";
import type { Script } from "../../tools/local/push-simulator/script.ts";
import { startPushSimulator } from "../../tools/local/push-simulator/server.ts";
import { answered, memoryPushService } from "../support/memory-push-service.ts";
import { describePushService, type Play } from "./push-service.ts";

describePushService("a variable", async () => {
  const clock = systemClock();
  let play: Play = { kind: "answers" };
  const service = memoryPushService(clock, (call) => {
    switch (play.kind) {
      case "answers":
        return answered(call, play.others);
      case "refuses":
        return { kind: "refused", status: 400, detail: "400" };
      case "forbids":
        return { kind: "misconfigured", status: 403, detail: "403" };
      case "throttles":
        return { kind: "throttled" };
      case "fails":
      case "cuts":
        return { kind: "unknown", detail: play.kind };
    }
  });
  return {
    service,
    clock,
    play(next) {
      play = next;
    },
    received: () => service.calls.map(({ call, atMs }) => ({ tokens: call.addresses.map(({ token }) => token), atMs })),
    close: async () => undefined,
  };
});

describePushService("SendMessages (the push simulator)", async () => {
  const simulator = await startPushSimulator({ applications: { app: ["GCM"] } });
  const clock = systemClock();
  const client = pinpointClient(
    { maxCallsInFlight: 8, callTimeoutMs: 5_000 },
    { endpoint: simulator.url, region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } },
  );
  const pinpoint = pinpointPushService(client, clock, () => undefined);
  const sentTo = new Set<string>();
  const service: PushService = {
    send(call, slot) {
      for (const { token } of call.addresses) sentTo.add(token);
      return pinpoint.send(call, slot);
    },
  };
  return {
    service,
    clock,
    play: (play) => simulator.play(script(play)),
    received() {
      const calls = new Map<number, { tokens: string[]; atMs: number }>();
      for (const token of sentTo) {
        for (const { callNumber, atMs } of simulator.answersOf({ applicationId: "app", channelType: "GCM", token })) {
          const call = calls.get(callNumber) ?? { tokens: [], atMs };
          call.tokens.push(token);
          calls.set(callNumber, call);
        }
      }
      return [...calls].toSorted(([a], [b]) => a - b).map(([, call]) => call);
    },
    async close() {
      client.destroy();
      await simulator.close();
    },
  };
});

function script(play: Play): Script {
  switch (play.kind) {
    case "answers":
      return {
        addresses: [...(play.others ?? [])].map(([token, result]) => ({
          when: { tokens: [token] },
          result: result === "missing" ? { kind: "missing" } : { kind: "unheardOf", ...result },
        })),
      };
    case "refuses":
      return { calls: [{ fault: { kind: "error", error: "BadRequestException" } }] };
    case "forbids":
      return { calls: [{ fault: { kind: "error", error: "ForbiddenException" } }] };
    case "throttles":
      return { calls: [{ fault: { kind: "error", error: "TooManyRequestsException" } }] };
    case "fails":
      return { calls: [{ fault: { kind: "error", error: "InternalServerErrorException" } }] };
    case "cuts":
      return { calls: [{ fault: { kind: "cut", at: "afterAcceptance" } }] };
  }
}

import type { Call } from "../../../shared/core/plan/call.ts";
import type { SendRequest } from "../../../shared/core/request/send-request.ts";

/** As long as an FCM registration token; the receiver answers by number of addresses, so all calls use the same ones. */
export function benchToken(index: number): string {
  return `bench-${String(index).padStart(6, "0")}`.padEnd(152, "x");
}

/** The path of a call tells both ends which it was. */
export interface CallName {
  readonly lane: "c" | "t";
  readonly environment: number;
  readonly call: number;
  readonly messages: number;
}

function applicationIdOf({ lane, environment, call, messages }: CallName): string {
  return `${lane}-${environment}-${call}-${messages}`;
}

export function callNameOf(path: string): CallName {
  const [lane, environment, call, messages] = (path.split("/")[3] ?? "").split("-");
  return {
    lane: lane === "t" ? "t" : "c",
    environment: Number(environment),
    call: Number(call),
    messages: Number(messages),
  };
}

/** A call of so many addresses, each with its own text. */
export function benchCall(name: CallName): Call {
  const applicationId = applicationIdOf(name);
  const request: SendRequest = {
    applicationId,
    addresses: new Map(),
    messageConfiguration: { GCMMessage: { Title: "-", Body: "-" } },
    onUnknownOutcome: "retry",
  };
  const slice = { request, record: 0, part: "0", channelType: "GCM", tokens: [] } as const;
  return {
    applicationId,
    channelType: "GCM",
    messageConfiguration: request.messageConfiguration,
    addresses: Array.from({ length: name.messages }, (_, i) => ({
      token: benchToken(i),
      configuration: { ChannelType: "GCM", TitleOverride: "Your order", BodyOverride: `Parcel ${i} is on its way` },
      slice,
    })),
  };
}

import type { Call } from "../../../shared/core/plan/call.ts";
import type { SendRequest } from "../../../shared/core/request/send-request.ts";

/** As long as an FCM registration token; the receiver answers by number of addresses, so all calls use the same ones. */
export function benchToken(index: number): string {
  return `bench-${String(index).padStart(6, "0")}`.padEnd(152, "x");
}

/** The path of a call tells both ends which it was. */
export interface CallName {
  /** `p`: practice, which is not counted. */
  readonly lane: "c" | "t" | "p";
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
    lane: lane === "t" || lane === "p" ? lane : "c",
    environment: Number(environment),
    call: Number(call),
    messages: Number(messages),
  };
}

export function isPractice(path: string): boolean {
  return path.startsWith("/v1/apps/p-");
}

/**
 * A call of so many addresses, each with its own text. Those of one size share their addresses: making them is no part
 * of what is measured.
 */
export function benchCall(name: CallName): Call {
  const addresses = addressesOf.get(name.messages) ?? makeAddresses(name.messages);
  addressesOf.set(name.messages, addresses);
  return { applicationId: applicationIdOf(name), channelType: "GCM", messageConfiguration: MESSAGE, addresses };
}

const MESSAGE = { GCMMessage: { Title: "-", Body: "-" } };
const addressesOf = new Map<number, Call["addresses"]>();

function makeAddresses(count: number): Call["addresses"] {
  const request: SendRequest = {
    applicationId: "bench",
    addresses: new Map(),
    messageConfiguration: MESSAGE,
    onUnknownOutcome: "retry",
  };
  const slice = { request, record: 0, part: "0", channelType: "GCM", tokens: [] } as const;
  return Array.from({ length: count }, (_, i) => ({
    token: benchToken(i),
    configuration: { ChannelType: "GCM", TitleOverride: "Your order", BodyOverride: `Parcel ${i} is on its way` },
    slice,
  }));
}

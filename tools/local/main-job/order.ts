import type { PushRequest } from "../push-simulator/wire.ts";

/** A send request as its producer wrote it, and what the producer knows of its fate. The pipeline is told only `body`. */
export interface Order {
  readonly lane: "transactional" | "campaign";
  readonly applicationId: string;
  readonly body: string;
  readonly request: PushRequest;
  /**
   * `sendable`: what becomes of it is up to the push services. `expired`: its time had run out before it was put on the
   * queue. `invalid`: it is not a valid send request.
   */
  readonly fate: "sendable" | "expired" | "invalid";
}

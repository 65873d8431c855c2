import { readdirSync, readFileSync } from "node:fs";
import type { DeliveryResult } from "../../../shared/core/outcome/delivery-result.ts";
import type { Outcome } from "../../../shared/core/outcome/outcome.ts";
import type { ChannelType } from "../../../shared/core/request/channel-type.ts";

/** One entry of an answer's `Result`, and what it must be taken for; `events/pinpoint/README.md` tells of the fields. */
export interface PinpointCase {
  readonly file: string;
  readonly name: string;
  readonly source: { readonly title: string; readonly url: string; readonly evidence: "verbatim" | "derived" };
  readonly channelType: ChannelType;
  readonly result: DeliveryResult | undefined;
  readonly outcome: Outcome;
}

/** As the API spells it. */
interface MessageResult {
  readonly DeliveryStatus: string;
  readonly StatusCode?: number;
  readonly StatusMessage?: string;
  readonly MessageId?: string;
  readonly UpdatedToken?: string;
}

const folder = new URL("../../../events/pinpoint/", import.meta.url);

export const PINPOINT_CASES: readonly PinpointCase[] = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .flatMap((file) => {
    const cases = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as (Omit<PinpointCase, "file" | "result"> & {
      readonly result: MessageResult | null;
    })[];
    return cases.map((each) => ({
      ...each,
      file,
      result: each.result === null ? undefined : deliveryResult(each.result),
    }));
  });

function deliveryResult(result: MessageResult): DeliveryResult {
  return {
    deliveryStatus: result.DeliveryStatus,
    ...(result.StatusCode === undefined ? {} : { statusCode: result.StatusCode }),
    ...(result.StatusMessage === undefined ? {} : { statusMessage: result.StatusMessage }),
    ...(result.MessageId === undefined ? {} : { messageId: result.MessageId }),
    ...(result.UpdatedToken === undefined ? {} : { updatedToken: result.UpdatedToken }),
  };
}

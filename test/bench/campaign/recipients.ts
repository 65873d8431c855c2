import { type Expectation, expectationsOf } from "../../../tools/local/push-simulator/compare.ts";

/** Each recipient has a text of its own. */
export const MESSAGE = { GCMMessage: { Title: "Sale", Body: "{{name}}, 20 % off" }, APNSMessage: { Body: "{{name}}" } };

/** One row in so many is for no channel that there is. */
const ROWS_A_REJECT = 1_000;

const ROWS_A_BLOCK = 10_000;

export function rejectsOf(rows: number): number {
  return Math.floor(rows / ROWS_A_REJECT);
}

/** A recipients file, in blocks. */
export function* csvOf(rows: number): Generator<string> {
  yield "token,channel,name\n";
  for (let first = 0; first < rows; first += ROWS_A_BLOCK) {
    const count = Math.min(ROWS_A_BLOCK, rows - first);
    yield Array.from({ length: count }, (_, index) => rowOf(first + index)).join("");
  }
}

/** What the devices of its recipients should receive. */
export function* expectationsOfRows(rows: number, applicationId: string): Generator<Expectation> {
  for (let number = 0; number < rows; number += 1) {
    if (isRejected(number)) continue;
    const ChannelType = channelOf(number);
    const MessageConfiguration =
      ChannelType === "GCM"
        ? { GCMMessage: { Title: "Sale", Body: `${nameOf(number)}, 20 % off` } }
        : { APNSMessage: { Body: nameOf(number) } };
    yield* expectationsOf(applicationId, { Addresses: { [tokenOf(number)]: { ChannelType } }, MessageConfiguration });
  }
}

function rowOf(number: number): string {
  return `${tokenOf(number)},${isRejected(number) ? "SMS" : channelOf(number)},${nameOf(number)}\n`;
}

function isRejected(number: number): boolean {
  return number % ROWS_A_REJECT === ROWS_A_REJECT - 1;
}

function channelOf(number: number): "GCM" | "APNS" {
  return number % 2 === 0 ? "GCM" : "APNS";
}

/** As long as those of FCM and APNs. */
function tokenOf(number: number): string {
  return number % 2 === 0 ? `${number}:APA91b${"x".repeat(140)}` : number.toString(16).padStart(64, "0");
}

function nameOf(number: number): string {
  return `Ada ${number}`;
}

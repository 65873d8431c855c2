import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Two variables, in the texts of every channel. */
const TEXT = { Title: "Sale", Body: "{{name}}, 20 % off in {{city|your town}} until midnight." };
export const MESSAGE = { GCMMessage: TEXT, APNSMessage: TEXT } as const;

const CITIES = ["Oslo", "São Paulo", '"Washington, DC"', "Köln", ""];

/**
 * Writes recipients of five columns: a device token of 64 digits on APNs and of 152 characters on FCM, half and half. One row
 * in a hundred lacks its name, another has the device token of an earlier row. The same as JSON lines.
 */
export async function writeRecipients(rows: number, format: "csv" | "jsonl", path: string): Promise<void> {
  await pipeline(Readable.from(blocks(rows, format)), createWriteStream(path));
}

const ROWS_A_BLOCK = 1_000;

function* blocks(rows: number, format: "csv" | "jsonl") {
  if (format === "csv") yield "token,channel,locale,name,city\n";
  for (let first = 0; first < rows; first += ROWS_A_BLOCK) {
    const count = Math.min(ROWS_A_BLOCK, rows - first);
    yield Array.from({ length: count }, (_, index) => line(first + index, format)).join("");
  }
}

function line(number: number, format: "csv" | "jsonl"): string {
  const token = deviceToken(number % 100 === 99 ? number - 2 : number);
  const channel = number % 2 === 0 ? "GCM" : "APNS";
  const name = number % 100 === 50 ? "" : `Ada ${number}`;
  const city = CITIES[number % CITIES.length] ?? "";
  return format === "csv"
    ? `${token},${channel},en,${name},${city}\n`
    : `${JSON.stringify({ token, channel, locale: "en", name, city: city.replaceAll('"', "") })}\n`;
}

function deviceToken(number: number): string {
  const digits = createHash("sha256").update(String(number)).digest("hex");
  return number % 2 === 0 ? `${digits.slice(0, 22)}:APA91b${digits}${digits.slice(4)}` : digits;
}

/** What the help of a verb says after its options. */
export interface Example {
  /** What somebody would type, each a line. */
  readonly lines: readonly string[];
  /** When it ends with 1, where it may. */
  readonly endsWith1?: string;
  /** What an option's file holds, where nothing else says so. */
  readonly file?: string;
}

const SOME_STAY = "where some of those that were meant stay";
const UNCALLED = "where the campaign is changed, and nobody could be called to go on with it";
const KEY_AND_IDS = "--key AuthKey_ABC123DEFG.p8 --key-id ABC123DEFG --team-id DEF456GHIJ --bundle-id com.example.shop";
const APP = "0123456789abcdef0123456789abcdef";

const apns = (channel: string): Example => ({
  lines: [
    `sluice channel enable ${channel} --application-id ${APP} --stage prod ${KEY_AND_IDS}`,
    `sluice channel enable ${channel} --application-id ${APP} --stage prod --certificate push.p12 --password-file password.txt`,
  ],
});

/** A script that has one of everything. */
export const EXAMPLE_SCRIPT = {
  seed: 1,
  latency: { kind: "logNormal", medianMs: 20, p99Ms: 80 },
  quotas: { messagesPerSecond: 25_000, callsPerSecond: 4_000, refused: "addresses" },
  calls: [{ when: { everyCall: 50 }, fault: { kind: "error", error: "InternalServerErrorException" } }],
  addresses: [{ when: { share: 0.01, channelType: "GCM" }, result: { kind: "dead" } }],
};

/** By the words that are typed after `sluice`. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  start: {
    lines: ["sluice start", "sluice start --recipients people.csv --message message.json", "sluice start --serve"],
    endsWith1: "where the ledger does not balance",
  },
  simulate: {
    lines: ["sluice simulate --port 8080", "sluice simulate --script script.json"],
    file: `A script, each field as you need it: ${JSON.stringify(EXAMPLE_SCRIPT)}`,
  },
  send: {
    lines: [
      "sluice send --message-request file://message-request.json",
      "sluice send --message-request file://message-request.json --request-id order-4711 --stage prod",
    ],
    file: 'A message request: {"Addresses":{"DEVICE_TOKEN":{"ChannelType":"GCM"}},"MessageConfiguration":{"GCMMessage":{"Title":"Hello","Body":"It works."}}}',
  },
  check: {
    lines: ["sluice check requests.jsonl", "cat request.json | sluice check -"],
    endsWith1: "where some would be refused",
    file: 'A send request: {"MessageRequest": what sluice send takes, "RequestId": "order-4711"}; the README has it whole',
  },
  plan: { lines: ["sluice plan requests.jsonl", "sluice plan requests.jsonl --packing identical"] },
  import: {
    lines: [
      "sluice import people.csv --message message.json --campaign spring-sale --dry-run",
      "sluice import people.csv --message message.json --campaign spring-sale --stage prod --rate 2000",
    ],
    endsWith1: "where every row was rejected; with --watch, as sluice campaign watch",
    file: 'A message: {"GCMMessage":{"Title":"Sale","Body":"{{name|Hello}}, until midnight."}}, and APNSMessage and so on beside it',
  },
  "campaign list": { lines: ["sluice campaign list --stage prod"] },
  "campaign show": { lines: ["sluice campaign show spring-sale --stage prod"] },
  "campaign watch": {
    lines: ["sluice campaign watch spring-sale --stage prod"],
    endsWith1: "where the campaign has ended in another way than completed",
  },
  "campaign pause": { lines: ["sluice campaign pause spring-sale --stage prod"], endsWith1: UNCALLED },
  "campaign resume": {
    lines: ["sluice campaign resume spring-sale --stage prod", "sluice campaign resume spring-sale --confirm 250000"],
    endsWith1: UNCALLED,
  },
  "campaign rate": { lines: ["sluice campaign rate spring-sale 2000 --stage prod"], endsWith1: UNCALLED },
  "campaign cancel": { lines: ["sluice campaign cancel spring-sale --stage prod"], endsWith1: UNCALLED },
  status: {
    lines: ["sluice status", "sluice status --stage prod --json"],
    endsWith1: "where a queue or a table could not be seen",
  },
  show: { lines: ["sluice show order-4711 --stage prod"] },
  stop: { lines: ["sluice stop --stage prod", "sluice stop --lane campaign --channel apns --stage prod"] },
  go: {
    lines: ["sluice go --stage prod", "sluice go --lane campaign --channel apns --stage prod"],
    endsWith1: "where a wider stop still holds",
  },
  "rate show": { lines: ["sluice rate show --stage prod"] },
  "rate set": { lines: ["sluice rate set 15000 --stage prod", "sluice rate set configured --stage prod"] },
  "dead-letters list": { lines: ["sluice dead-letters list --stage prod"] },
  "dead-letters redrive": {
    lines: ["sluice dead-letters redrive --reason TokenMismatch --stage prod"],
    endsWith1: SOME_STAY,
  },
  "dead-tokens list": { lines: ["sluice dead-tokens list --stage prod"] },
  "dead-tokens export": { lines: ["sluice dead-tokens export --output held.jsonl --channel apns --stage prod"] },
  "dead-tokens release": { lines: ["sluice dead-tokens release --channel fcm --stage prod"], endsWith1: SOME_STAY },
  "dead-tokens discard": { lines: ["sluice dead-tokens discard --because suspect --stage prod"], endsWith1: SOME_STAY },
  "app create": { lines: ["sluice app create shop --stage prod"] },
  "app list": { lines: ["sluice app list --stage prod"] },
  "app delete": { lines: [`sluice app delete ${APP} --stage prod`] },
  "channel enable apns": apns("apns"),
  "channel enable apns-sandbox": apns("apns-sandbox"),
  "channel enable apns-voip": apns("apns-voip"),
  "channel enable apns-voip-sandbox": apns("apns-voip-sandbox"),
  "channel enable fcm": {
    lines: [`sluice channel enable fcm --application-id ${APP} --stage prod --service-account firebase.json`],
  },
  "channel enable adm": {
    lines: [`sluice channel enable adm --application-id ${APP} --client-id CLIENT_ID --client-secret-file secret.txt`],
  },
  "channel enable baidu": {
    lines: [`sluice channel enable baidu --application-id ${APP} --api-key-file key.txt --secret-key-file secret.txt`],
  },
  "channel disable": { lines: [`sluice channel disable fcm --application-id ${APP} --stage prod`] },
  "channel show": { lines: ["sluice channel show --stage prod", "sluice channel show apns --stage prod --json"] },
  doctor: {
    lines: ["sluice doctor --stage prod", "sluice doctor --stage prod --probe DEVICE_TOKEN --channel fcm"],
    endsWith1: "where something is wrong, or a probe was not delivered",
  },
};

/** What stands under the options of a verb. */
export function helpAfter({ lines, endsWith1, file }: Example): string {
  return [
    "",
    "Examples:",
    ...lines.map((line) => `  ${line}`),
    ...(file === undefined ? [] : ["", file]),
    "",
    `Ends with 0${endsWith1 === undefined ? "" : `; with 1 ${endsWith1}`}; with 2 where nothing was done, and says what to mend.`,
  ].join("\n");
}

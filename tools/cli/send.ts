import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { Command, Option } from "commander";
import { isJsonObject } from "../../shared/core/request/parse-json.ts";
import { parseRfc3339 } from "../../shared/core/request/rfc-3339.ts";
import { notOfStage } from "./application-id.ts";
import { askAws } from "./ask-aws.ts";
import { checkRequests } from "./check.ts";
import { deploymentOf } from "./deployment.ts";
import { jsonOf, readInputText } from "./input-file.ts";
import { print } from "./print.ts";
import { stageOption } from "./stage-option.ts";
import { UsageError } from "./usage-error.ts";

interface SendOptions {
  readonly applicationId?: string;
  readonly messageRequest: string;
  readonly lane: "transactional" | "campaign";
  readonly stage: string;
  readonly requestId?: string;
  readonly expiresAt?: string;
  readonly onUnknownOutcome?: string;
  readonly json?: true;
}

/** `sluice send`: puts one send request on a lane's queue; the flags are those of `aws pinpoint send-messages`. */
export function send(): Command {
  return new Command("send")
    .description("Puts one send request on a queue.")
    .option("--application-id <id>", "the application (default: the deployment's first)")
    .requiredOption("--message-request <json>", "the message request: JSON, or file://PATH, or file:///dev/stdin")
    .addOption(
      new Option("--lane <lane>", "which queue").choices(["transactional", "campaign"]).default("transactional"),
    )
    .addOption(stageOption())
    .option("--request-id <id>", "sent once, however often it is put on the queue")
    .option("--expires-at <time>", "RFC 3339 with offset: not sent after this")
    .addOption(
      new Option("--on-unknown-outcome <what>", "when nobody knows whether a call was carried out").choices([
        "retry",
        "stop",
      ]),
    )
    .option("--json", "print one JSON object")
    .action(async (options: SendOptions) => {
      const body = JSON.stringify({
        ApplicationId: options.applicationId,
        MessageRequest: await readMessageRequest(options.messageRequest),
        RequestId: options.requestId,
        ExpiresAt: options.expiresAt,
        OnUnknownOutcome: options.onUnknownOutcome,
      });
      const [checked] = checkRequests([{ where: "--message-request", body }], undefined);
      if (checked?.ok === false) {
        const problems = checked.problems.map(({ path, message }) => `  ${path}: ${message}`);
        throw new UsageError(`This is not a valid send request; nothing was put on the queue.\n${problems.join("\n")}`);
      }
      insist(expiryProblem(options.expiresAt, Date.now()));
      const deployment = await deploymentOf(options.stage);
      insist(notOfStage(options.applicationId, deployment));
      const QueueUrl = deployment.queueUrls[options.lane];
      const { MessageId } = await askAws(
        `put the request on the ${options.lane} queue`,
        new SQSClient({}).send(new SendMessageCommand({ QueueUrl, MessageBody: body })),
      );
      print(options.json ?? false, [`Put on the ${options.lane} queue as ${MessageId}.`], { QueueUrl, MessageId });
    });
}

/** @throws {UsageError} where something is in the way */
function insist(problem: string | undefined): void {
  if (problem !== undefined) throw new UsageError(`Nothing was put on the queue: ${problem}`);
}

/** What has expired would be counted, and not sent. */
function expiryProblem(expiresAt: string | undefined, nowMs: number): string | undefined {
  const hasPassed = (parseRfc3339(expiresAt ?? "") ?? Number.POSITIVE_INFINITY) <= nowMs;
  return hasPassed
    ? `--expires-at ${expiresAt} has passed: nobody would be told. Name a later time, or leave it out.`
    : undefined;
}

/** JSON on the command line, or `file://` and a path, as the AWS CLI takes it. */
async function readMessageRequest(argument: string): Promise<unknown> {
  const path = argument.startsWith("file://") ? argument.slice("file://".length) : undefined;
  const [where, text, cure] =
    path === undefined
      ? ["--message-request", argument, "To read it from a file, write file://PATH."]
      : [path, await readInputText(path), "Mend it there."];
  const value = jsonOf(text, where, cure);
  if (!isJsonObject(value) || !("MessageRequest" in value)) return value;
  throw new UsageError(
    `${where} holds a whole send request, and --message-request takes what stands under its MessageRequest alone. What stands beside that has options: see \`sluice send --help\`.`,
  );
}

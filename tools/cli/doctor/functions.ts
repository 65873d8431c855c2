import type { EventSourceMappingConfiguration } from "@aws-sdk/client-lambda";
import {
  type BadSettings,
  type Environment,
  readImportCampaignSettings,
  readRetireDeadTokensSettings,
  readSendMessagesSettings,
} from "../../../shared/settings.ts";
import type { Deployment } from "../deployment.ts";
import { type Fault, type Finding, faultIf, judged } from "./finding.ts";
import { type FunctionFacts, isImporter, isRetirer, isSender } from "./function-facts.ts";
import { putBackCure } from "./put-back-cure.ts";

/** What `serverless.yml` says, and a build is for. */
const RUNTIME = "nodejs24.x";

/** How long before its end a function starts no more calls, apart from the time-out of a call. */
const MS_TO_SETTLE = 3_000;

/** Whether the functions run as they are to, with settings that make sense together. */
export function examineFunctions(
  facts: readonly FunctionFacts[],
  { stage, importBucketName, queueUrls }: Pick<Deployment, "stage" | "importBucketName" | "queueUrls">,
): readonly Finding[] {
  const putBack = putBackCure(stage);
  const fleet = facts.filter(isSender).reduce((sum, { mappings }) => sum + mostConcurrent(mappings), 0);
  return facts.flatMap((one) => {
    const { configuration } = one;
    const findings = judged(
      `function ${one.name}`,
      [
        ...faultIf(
          configuration.State !== "Active",
          `is ${configuration.State}: ${configuration.StateReason ?? "Lambda gives no reason"}`,
          putBack,
        ),
        ...faultIf(
          configuration.Runtime !== RUNTIME,
          `runs on ${configuration.Runtime}, and is built for ${RUNTIME}`,
          putBack,
        ),
        ...faultIf(
          one.environment["STAGE"] !== stage,
          `has STAGE=${one.environment["STAGE"] ?? ""}, and belongs to ${stage}: its metrics are in no alarm and no chart of this stage`,
          putBack,
        ),
        ...(isSender(one) ? senderFaults(one, fleet, putBack) : []),
        ...(isRetirer(one) ? readerFaults(one, readRetireDeadTokensSettings, putBack) : []),
        ...(isImporter(one)
          ? importerFaults(one, { IMPORT_BUCKET_NAME: importBucketName, IMPORT_QUEUE_URL: queueUrls.imports }, putBack)
          : []),
      ],
      `${configuration.Runtime}, ${configuration.MemorySize} MB, ${configuration.Timeout} s`,
    );
    return [...findings, ...(isRetirer(one) ? retireOff(one) : [])];
  });
}

function senderFaults(one: FunctionFacts, fleet: number, putBack: string): readonly Fault[] {
  const { environment, mappings } = one;
  return [
    ...settingsFaults(one, fleet, putBack),
    ...recursionFaults(one, "Lambda stops what is put back after 16 rounds"),
    ...faultIf(mappings.length !== 1, `has ${mappings.length} event source mappings, and should have one`, putBack),
    ...mappings.flatMap((mapping) => mappingFaults(mapping, environment["LANE"] ?? "", putBack)),
  ];
}

function settingsFaults(
  { configuration, environment }: FunctionFacts,
  fleet: number,
  putBack: string,
): readonly Fault[] {
  try {
    // Lambda itself sets the region.
    const settings = readSendMessagesSettings({ AWS_REGION: "set by Lambda", ...environment });
    const latestStartMs = (configuration.Timeout ?? 0) * 1_000 - settings.callTimeoutMs - MS_TO_SETTLE;
    return [
      ...faultIf(
        settings.fleetConcurrency !== fleet,
        `has FLEET_CONCURRENCY=${settings.fleetConcurrency}, and the event source mappings start up to ${fleet}: the static share is wrong`,
        putBack,
      ),
      ...faultIf(
        latestStartMs <= 0,
        `has a time-out of ${configuration.Timeout} s and CALL_TIMEOUT_MS=${settings.callTimeoutMs}: no call can start`,
        putBack,
      ),
    ];
  } catch (error) {
    return [{ message: `cannot start: ${(error as BadSettings).message}`, cure: putBack }];
  }
}

/** @param stageHas settings that name something of the stage, as its stack names it */
function importerFaults(
  one: FunctionFacts,
  stageHas: Readonly<Record<string, string | undefined>>,
  putBack: string,
): readonly Fault[] {
  const { environment } = one;
  return [
    ...Object.entries(stageHas).flatMap(([name, value]) =>
      faultIf(
        environment[name] !== undefined && environment[name] !== value,
        `has ${name}=${environment[name]}, and the stage has ${value}`,
        putBack,
      ),
    ),
    ...readerFaults(one, readImportCampaignSettings, putBack),
    ...recursionFaults(one, "Lambda stops a campaign after 16 rounds of a quarter of an hour"),
    ...one.mappings.flatMap(({ UUID, State, EventSourceArn, BatchSize = 1, ScalingConfig }) => [
      ...faultIf(
        EventSourceArn !== environment["IMPORT_QUEUE_ARN"],
        `is fed by ${EventSourceArn}, and its IMPORT_QUEUE_ARN is ${environment["IMPORT_QUEUE_ARN"]}`,
        putBack,
      ),
      ...faultIf(
        State !== "Enabled",
        `has an event source mapping that is ${State}: no campaign begins or goes on`,
        `aws lambda update-event-source-mapping --uuid ${UUID} --enabled`,
      ),
      ...faultIf(BatchSize !== 1, `is given ${BatchSize} campaigns at once, and should see to one`, putBack),
      ...faultIf(
        ScalingConfig?.MaximumConcurrency === undefined,
        "has an event source mapping without a maximum concurrency: many campaigns at once take the account's environments from the lanes",
        putBack,
      ),
    ]),
  ];
}

function recursionFaults({ configuration, recursiveLoop }: FunctionFacts, so: string) {
  return faultIf(
    recursiveLoop !== "Allow",
    `has recursion detection on (${recursiveLoop}): ${so}`,
    `aws lambda put-function-recursion-config --function-name ${configuration.FunctionName} --recursive-loop Allow`,
  );
}

/** Of a function that is fed by one queue, and reads its settings like this. */
function readerFaults(
  { environment, mappings }: FunctionFacts,
  readSettings: (environment: Environment) => unknown,
  putBack: string,
): readonly Fault[] {
  const faults = [
    ...faultIf(mappings.length !== 1, `has ${mappings.length} event source mappings, and should have one`, putBack),
    ...mappings.flatMap((mapping) => partialResponseFaults(mapping, putBack)),
  ];
  try {
    readSettings(environment);
    return faults;
  } catch (error) {
    return [...faults, { message: `cannot start: ${(error as BadSettings).message}`, cure: putBack }];
  }
}

/** Only whoever deployed it knows whether it is meant. */
function retireOff({ name, mappings }: FunctionFacts): readonly Finding[] {
  return mappings
    .filter(({ State }) => State !== "Enabled")
    .map(({ UUID, State }) => ({
      subject: `function ${name}`,
      verdict: "unchecked",
      message: `takes no dead tokens off their queue (its event source mapping is ${State}): right with retire=off, where a consumer of your own does`,
      cure: `Otherwise: aws lambda update-event-source-mapping --uuid ${UUID} --enabled`,
    }));
}

function partialResponseFaults(
  { FunctionResponseTypes = [] }: EventSourceMappingConfiguration,
  putBack: string,
): readonly Fault[] {
  return faultIf(
    !FunctionResponseTypes.includes("ReportBatchItemFailures"),
    "has an event source mapping without ReportBatchItemFailures: records that failed are deleted with the rest",
    putBack,
  );
}

function mappingFaults(mapping: EventSourceMappingConfiguration, lane: string, putBack: string): readonly Fault[] {
  const { UUID, State, EventSourceArn = "", ScalingConfig } = mapping;
  return [
    ...faultIf(
      State !== "Enabled",
      `has an event source mapping that is ${State}: nothing is sent`,
      `aws lambda update-event-source-mapping --uuid ${UUID} --enabled`,
    ),
    ...faultIf(!EventSourceArn.endsWith(`-${lane}`), `is fed by ${EventSourceArn}, and its LANE is ${lane}`, putBack),
    ...partialResponseFaults(mapping, putBack),
    ...faultIf(
      ScalingConfig?.MaximumConcurrency === undefined,
      "has an event source mapping without a maximum concurrency: more environments start than the rate is divided by",
      putBack,
    ),
  ];
}

function mostConcurrent(mappings: readonly EventSourceMappingConfiguration[]): number {
  return mappings.reduce((sum, { ScalingConfig }) => sum + (ScalingConfig?.MaximumConcurrency ?? 0), 0);
}

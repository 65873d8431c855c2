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

/** What `serverless.yml` says, and a build is for. */
const RUNTIME = "nodejs24.x";

/** How long before its end a function starts no more calls, apart from the time-out of a call. */
const MS_TO_SETTLE = 3_000;

/** Whether the functions run as they are to, with settings that make sense together. */
export function examineFunctions(
  facts: readonly FunctionFacts[],
  { stage, importBucketName, queueUrls }: Pick<Deployment, "stage" | "importBucketName" | "queueUrls">,
): readonly Finding[] {
  const deploy = `npm run deploy -- --stage ${stage}`;
  const fleet = facts.filter(isSender).reduce((sum, { mappings }) => sum + mostConcurrent(mappings), 0);
  return facts.flatMap((one) => {
    const { configuration } = one;
    const findings = judged(
      `function ${one.name}`,
      [
        ...faultIf(
          configuration.State !== "Active",
          `is ${configuration.State}: ${configuration.StateReason ?? "Lambda gives no reason"}`,
          deploy,
        ),
        ...faultIf(
          configuration.Runtime !== RUNTIME,
          `runs on ${configuration.Runtime}, and is built for ${RUNTIME}`,
          deploy,
        ),
        ...faultIf(
          one.environment["STAGE"] !== stage,
          `has STAGE=${one.environment["STAGE"] ?? ""}, and belongs to ${stage}: its metrics are in no alarm and no chart of this stage`,
          deploy,
        ),
        ...(isSender(one) ? senderFaults(one, fleet, deploy) : []),
        ...(isRetirer(one) ? readerFaults(one, readRetireDeadTokensSettings, deploy) : []),
        ...(isImporter(one)
          ? importerFaults(one, { IMPORT_BUCKET_NAME: importBucketName, IMPORT_QUEUE_URL: queueUrls.imports }, deploy)
          : []),
      ],
      `${configuration.Runtime}, ${configuration.MemorySize} MB, ${configuration.Timeout} s`,
    );
    return [...findings, ...(isRetirer(one) ? retireOff(one) : [])];
  });
}

function senderFaults(one: FunctionFacts, fleet: number, deploy: string): readonly Fault[] {
  const { environment, mappings } = one;
  return [
    ...settingsFaults(one, fleet, deploy),
    ...recursionFaults(one, "Lambda stops what is put back after 16 rounds", deploy),
    ...faultIf(mappings.length !== 1, `has ${mappings.length} event source mappings, and should have one`, deploy),
    ...mappings.flatMap((mapping) => mappingFaults(mapping, environment["LANE"] ?? "", deploy)),
  ];
}

function settingsFaults(
  { configuration, environment }: FunctionFacts,
  fleet: number,
  deploy: string,
): readonly Fault[] {
  try {
    // Lambda itself sets the region.
    const settings = readSendMessagesSettings({ AWS_REGION: "set by Lambda", ...environment });
    const latestStartMs = (configuration.Timeout ?? 0) * 1_000 - settings.callTimeoutMs - MS_TO_SETTLE;
    return [
      ...faultIf(
        settings.fleetConcurrency !== fleet,
        `has FLEET_CONCURRENCY=${settings.fleetConcurrency}, and the event source mappings start up to ${fleet}: the static share is wrong`,
        deploy,
      ),
      ...faultIf(
        latestStartMs <= 0,
        `has a time-out of ${configuration.Timeout} s and CALL_TIMEOUT_MS=${settings.callTimeoutMs}: no call can start`,
        deploy,
      ),
    ];
  } catch (error) {
    return [{ message: `cannot start: ${(error as BadSettings).message}`, cure: deploy }];
  }
}

/** @param stageHas settings that name something of the stage, as its stack names it */
function importerFaults(
  one: FunctionFacts,
  stageHas: Readonly<Record<string, string | undefined>>,
  deploy: string,
): readonly Fault[] {
  const { environment } = one;
  return [
    ...Object.entries(stageHas).flatMap(([name, value]) =>
      faultIf(
        environment[name] !== undefined && environment[name] !== value,
        `has ${name}=${environment[name]}, and the stage has ${value}`,
        deploy,
      ),
    ),
    ...readerFaults(one, readImportCampaignSettings, deploy),
    ...recursionFaults(one, "Lambda stops a campaign after 16 rounds of a quarter of an hour", deploy),
    ...one.mappings.flatMap(({ UUID, State, EventSourceArn, BatchSize = 1 }) => [
      ...faultIf(
        EventSourceArn !== environment["IMPORT_QUEUE_ARN"],
        `is fed by ${EventSourceArn}, and its IMPORT_QUEUE_ARN is ${environment["IMPORT_QUEUE_ARN"]}`,
        deploy,
      ),
      ...faultIf(
        State !== "Enabled",
        `has an event source mapping that is ${State}: no campaign begins or goes on`,
        `aws lambda update-event-source-mapping --uuid ${UUID} --enabled`,
      ),
      ...faultIf(BatchSize !== 1, `is given ${BatchSize} campaigns at once, and should see to one`, deploy),
    ]),
  ];
}

function recursionFaults({ configuration, recursiveLoop }: FunctionFacts, so: string, deploy: string) {
  return faultIf(
    recursiveLoop !== "Allow",
    `has recursion detection on (${recursiveLoop}): ${so}`,
    `aws lambda put-function-recursion-config --function-name ${configuration.FunctionName} --recursive-loop Allow, or ${deploy}`,
  );
}

/** Of a function that is fed by one queue, and reads its settings like this. */
function readerFaults(
  { environment, mappings }: FunctionFacts,
  readSettings: (environment: Environment) => unknown,
  deploy: string,
): readonly Fault[] {
  const faults = [
    ...faultIf(mappings.length !== 1, `has ${mappings.length} event source mappings, and should have one`, deploy),
    ...mappings.flatMap((mapping) => partialResponseFaults(mapping, deploy)),
  ];
  try {
    readSettings(environment);
    return faults;
  } catch (error) {
    return [...faults, { message: `cannot start: ${(error as BadSettings).message}`, cure: deploy }];
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
  deploy: string,
): readonly Fault[] {
  return faultIf(
    !FunctionResponseTypes.includes("ReportBatchItemFailures"),
    "has an event source mapping without ReportBatchItemFailures: records that failed are deleted with the rest",
    deploy,
  );
}

function mappingFaults(mapping: EventSourceMappingConfiguration, lane: string, deploy: string): readonly Fault[] {
  const { UUID, State, EventSourceArn = "", ScalingConfig } = mapping;
  return [
    ...faultIf(
      State !== "Enabled",
      `has an event source mapping that is ${State}: nothing is sent`,
      `aws lambda update-event-source-mapping --uuid ${UUID} --enabled`,
    ),
    ...faultIf(!EventSourceArn.endsWith(`-${lane}`), `is fed by ${EventSourceArn}, and its LANE is ${lane}`, deploy),
    ...partialResponseFaults(mapping, deploy),
    ...faultIf(
      ScalingConfig?.MaximumConcurrency === undefined,
      "has an event source mapping without a maximum concurrency: more environments start than the rate is divided by",
      deploy,
    ),
  ];
}

function mostConcurrent(mappings: readonly EventSourceMappingConfiguration[]): number {
  return mappings.reduce((sum, { ScalingConfig }) => sum + (ScalingConfig?.MaximumConcurrency ?? 0), 0);
}

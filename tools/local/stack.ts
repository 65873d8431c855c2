import { access } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Lane } from "../../shared/core/rate/lane.ts";
import { CHANNEL_TYPES } from "../../shared/core/request/channel-type.ts";
import { startEmulators } from "./emulators.ts";
import type { RemoteEventBus } from "./event-bus/remote.ts";
import { type EventSourceMapping, startEventSourceMapping } from "./event-source-mapping.ts";
import { type EnvironmentStatus, type LambdaFunction, startLambdaFunction } from "./lambda-function.ts";
import { builtFunction, processEntry } from "./locations.ts";
import { forkPushSimulator } from "./push-simulator/fork.ts";
import { pushSimulatorAt, type RemotePushSimulator } from "./push-simulator/remote.ts";
import type { Script } from "./push-simulator/script.ts";
import type { PushSimulatorSettings } from "./push-simulator/server.ts";
import { queuesEmpty } from "./queue-depth.ts";
import {
  type FedFunctionSettings,
  importCampaignEnvironment,
  LOCAL_APPLICATION_ID,
  LOCAL_BUCKET,
  LOCAL_IMPORT,
  LOCAL_LANES,
  LOCAL_QUEUE_NAMES,
  LOCAL_RATE,
  LOCAL_RETIRE,
  LOCAL_TABLE_NAMES,
  type LocalLanes,
  localQueues,
  type QueueName,
  queueArn,
  type Rate,
  retireDeadTokensEnvironment,
  sendMessagesEnvironment,
} from "./stage.ts";

export interface StackOptions {
  /** What the functions are told and the simulator enforces. */
  readonly rate?: Rate;
  readonly applicationIds?: readonly string[];
  /** What differs from the local stage. */
  readonly lanes?: Readonly<Partial<Record<Lane, Partial<FedFunctionSettings>>>>;
  readonly imports?: Partial<FedFunctionSettings>;
  /** Settings of the functions that differ from the local stage. */
  readonly environment?: Readonly<Record<string, string>>;
  /** `off`: dead tokens stay on their queue, for a consumer of one's own. */
  readonly retire?: "on" | "off";
  /** The folder of another build than `dist/send-messages/`. */
  readonly functionFolder?: URL;
  /** One that runs already, or what a new one is to play. */
  readonly simulator?: { readonly url: string } | SimulatorOptions;
  /** Told when somebody has created or deleted an application, and all is as if it had been deployed anew with them. */
  readonly onApplications?: (ids: readonly string[]) => void;
  /** Every line that a process of the stack writes, and one of JSON for each invocation. */
  readonly onLog?: (line: StackLine) => void;
}

export interface SimulatorOptions {
  /** Quotas are the stack's rate where the script names none. */
  readonly script?: Script;
  readonly keepMessages?: boolean;
  readonly marker?: string;
}

export interface StackLine {
  /** `sluice-local-send-messages-campaign <environment>`, `mapping campaign`, `emulators`, …. */
  readonly source: string;
  readonly stream: "stdout" | "stderr";
  readonly line: string;
}

export interface Stack {
  /** Region, credentials and endpoints: all that an SDK or the AWS CLI needs in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Those that it sends for; the first is the default. */
  readonly applicationIds: readonly string[];
  readonly queueUrls: Readonly<Record<QueueName, string>>;
  readonly sqs: SQSClient;
  readonly simulator: RemotePushSimulator;
  readonly eventBus: RemoteEventBus;
  /** Resolves when both lanes are empty: nothing visible, in flight or delayed. @throws the signal's reason */
  idle(signal?: AbortSignal): Promise<void>;
  /** Resolves when `retire-dead-tokens` has told of every dead token, or holds it. @throws the signal's reason */
  retired(signal?: AbortSignal): Promise<void>;
  environments(): readonly (EnvironmentStatus & { readonly lane: Lane })[];
  /** Those of `import-campaign`. */
  importEnvironments(): readonly EnvironmentStatus[];
  /** Those of `retire-dead-tokens`. */
  retireEnvironments(): readonly EnvironmentStatus[];
  /** Ends an execution environment at once. What it held is received again. False where there is none of this id. */
  kill(environmentId: string): Promise<boolean>;
  /** A lane receives nothing more, as after somebody has disabled its event source mapping; what is under way ends. */
  stopReceiving(lane: Lane): Promise<void>;
  /** Of each function so many invocations may be under way; what is more is throttled. */
  reserve(concurrency: number): void;
  /** Ends everything at once; what is on the queues is gone. To lose nothing, wait for `idle` first. */
  close(): Promise<void>;
}

/**
 * Starts the pipeline on this machine: emulators, the push simulator, both lanes of the built `send-messages`,
 * `retire-dead-tokens` and `import-campaign`.
 * A `kill` in the simulator's script ends every environment that is busy.
 *
 * @throws {Error} when a function has not been built
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const folder = options.functionFolder ?? builtFunction("send-messages");
  const retireFolder = builtFunction("retire-dead-tokens");
  const importFolder = builtFunction("import-campaign");
  await Promise.all([folder, importFolder, ...(options.retire === "off" ? [] : [retireFolder])].map(mustBeBuilt));
  const lanes: LocalLanes = {
    transactional: { ...LOCAL_LANES.transactional, ...options.lanes?.transactional },
    campaign: { ...LOCAL_LANES.campaign, ...options.lanes?.campaign },
  };
  const rate = options.rate ?? LOCAL_RATE;
  let applicationIds = options.applicationIds ?? [LOCAL_APPLICATION_ID];
  let closing = false;
  const log = (source: string, stream: StackLine["stream"], line: string): void => {
    if (!closing) options.onLog?.({ source, stream, line });
  };

  const emulators = await startEmulators({
    queues: localQueues(lanes),
    tables: Object.values(LOCAL_TABLE_NAMES),
    buckets: [LOCAL_BUCKET],
    onLine: (line, stream) => log("emulators", stream, line),
  });
  const running: RunningLane[] = [];
  const simulator = await simulatorFor(options.simulator ?? {}, {
    rate,
    applicationIds,
    onKill: () => {
      for (const { lambda } of running) void killBusy(lambda);
    },
    onApplications: (ids) => {
      // A function does not start without one.
      if (ids.length === 0) return;
      applicationIds = ids;
      for (const { lane, lambda } of running) lambda.configure(environmentWith(variablesOf(lane)));
      imports.lambda.configure(environmentWith(variablesOfImports()));
      options.onApplications?.(ids);
    },
  }).catch(async (error) => {
    await emulators.close();
    throw error;
  });

  const sqs = emulators.sqsClient();
  const queueUrl = (name: QueueName) => emulators.queueUrl(LOCAL_QUEUE_NAMES[name]);
  const environment = { ...emulators.environment, AWS_ENDPOINT_URL_PINPOINT: simulator.url };
  const variablesOf = (lane: Lane) => sendMessagesEnvironment(lane, { lanes, rate, applicationIds, queueUrl });
  const variablesOfImports = () => importCampaignEnvironment({ rate, applicationIds, queueUrl });
  const environmentWith = (variables: Variables) => ({ ...environment, ...variables, ...options.environment });
  /** Starts a function and the mapping that feeds it from its queue. */
  const start = ({ name, queue, folder, variables, ...settings }: FedFunction) => {
    const lambda = startLambdaFunction({
      ...settings,
      name: `sluice-local-${name}`,
      folder,
      environment: environmentWith(variables),
      onLine: ({ functionName, environmentId, stream, line }) => log(`${functionName} ${environmentId}`, stream, line),
    });
    const mapping = startEventSourceMapping({
      ...settings,
      sqs,
      queueUrl: queueUrl(queue),
      queueArn: queueArn(LOCAL_QUEUE_NAMES[queue]),
      invoke: lambda.invoke,
      observe: (fact) => log(`mapping ${queue}`, fact.kind === "invoked" ? "stdout" : "stderr", JSON.stringify(fact)),
    });
    return { lambda, mapping };
  };
  for (const lane of LANE_NAMES) {
    const name = `send-messages-${lane}`;
    running.push({ lane, ...start({ ...lanes[lane], name, queue: lane, folder, variables: variablesOf(lane) }) });
  }
  const variables = retireDeadTokensEnvironment(queueUrl);
  const retireDeadTokens = {
    name: "retire-dead-tokens",
    queue: "deadTokens",
    folder: retireFolder,
    variables,
  } as const;
  const retire = options.retire === "off" ? [] : [start({ ...LOCAL_RETIRE, ...retireDeadTokens })];
  const imports = start({
    ...LOCAL_IMPORT,
    ...options.imports,
    name: "import-campaign",
    queue: "imports",
    folder: importFolder,
    variables: variablesOfImports(),
  });

  return {
    environment,
    get applicationIds() {
      return applicationIds;
    },
    queueUrls: Object.fromEntries(QUEUE_NAMES.map((name) => [name, queueUrl(name)])) as Stack["queueUrls"],
    sqs,
    simulator,
    eventBus: emulators.eventBus,
    idle: (signal) => queuesEmpty(sqs, LANE_NAMES.map(queueUrl), signal),
    retired: (signal) => queuesEmpty(sqs, [queueUrl("deadTokens")], signal),
    environments: () =>
      running.flatMap(({ lane, lambda }) => lambda.environments().map((status) => ({ ...status, lane }))),
    importEnvironments: () => imports.lambda.environments(),
    retireEnvironments: () => retire.flatMap(({ lambda }) => lambda.environments()),
    async kill(environmentId) {
      const functions = [...running, ...retire, imports];
      const killed = await Promise.all(functions.map(({ lambda }) => lambda.kill(environmentId)));
      return killed.includes(true);
    },
    async stopReceiving(lane) {
      for (const one of running) if (one.lane === lane) await one.mapping.stop();
    },
    reserve(concurrency) {
      for (const { lambda } of [...running, ...retire, imports]) lambda.reserve(concurrency);
    },
    async close() {
      closing = true;
      await Promise.all(
        [...running, ...retire, imports].map(({ lambda, mapping }) => Promise.all([lambda.close(), mapping.stop()])),
      );
      sqs.destroy();
      await Promise.all([simulator.close(), emulators.close()]);
    },
  };
}

interface RunningLane {
  readonly lane: Lane;
  readonly lambda: LambdaFunction;
  readonly mapping: EventSourceMapping;
}

/** A function as it is started, and the queue that feeds it. */
interface FedFunction extends FedFunctionSettings {
  readonly name: string;
  readonly queue: QueueName;
  readonly folder: URL;
  readonly variables: Variables;
}

type Variables = Readonly<Record<string, string>>;

const LANE_NAMES = Object.keys(LOCAL_LANES) as Lane[];
const QUEUE_NAMES = Object.keys(LOCAL_QUEUE_NAMES) as QueueName[];

async function mustBeBuilt(folder: URL): Promise<void> {
  const bundle = new URL("index.mjs", folder);
  await access(bundle).catch((cause) => {
    throw new Error(`${fileURLToPath(bundle)} is missing; \`npm run build\` makes it.`, { cause });
  });
}

async function simulatorFor(
  wanted: NonNullable<StackOptions["simulator"]>,
  {
    rate,
    applicationIds,
    ...told
  }: Pick<PushSimulatorSettings, "onKill" | "onApplications"> & {
    readonly rate: Rate;
    readonly applicationIds: readonly string[];
  },
): Promise<RemotePushSimulator & { close(): Promise<void> }> {
  if ("url" in wanted) return { ...pushSimulatorAt(wanted.url), close: async () => undefined };
  const settings = {
    ...wanted,
    applications: Object.fromEntries(applicationIds.map((id) => [id, CHANNEL_TYPES])),
    script: { quotas: rate, judgedRate: rate, ...wanted.script },
    ...told,
  };
  return forkPushSimulator(settings, fileURLToPath(processEntry("push-simulator-process")));
}

async function killBusy(lambda: LambdaFunction): Promise<void> {
  const busy = lambda.environments().filter(({ state }) => state === "busy");
  await Promise.all(busy.map(({ id }) => lambda.kill(id)));
}

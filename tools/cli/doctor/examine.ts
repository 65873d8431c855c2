import { type Deployment, deploymentOf } from "../deployment.ts";
import { UsageError } from "../usage-error.ts";
import { examineAccount } from "./account.ts";
import { examineBucket } from "./bucket.ts";
import { examineChannels } from "./channels.ts";
import { type Finding, lookAt } from "./finding.ts";
import { type FunctionFacts, functionFacts } from "./function-facts.ts";
import { examineFunctions } from "./functions.ts";
import { putBackCure } from "./put-back-cure.ts";
import { examineQueues } from "./queues.ts";
import { examineQuotas } from "./quotas.ts";
import { examineTables } from "./tables.ts";
import { examineVersions } from "./versions.ts";

/** Looks at everything that a stage consists of, without changing anything. */
export async function examine(stage: string, now: Date): Promise<readonly Finding[]> {
  const isLocal = stage === "local";
  const account = isLocal ? NOT_HERE.account : await examineAccount();
  if (account.verdict === "wrong") return [account];
  const deployment = await deploymentOf(stage).catch((error: Error): Finding => {
    if (!(error instanceof UsageError)) throw error;
    // Its first sentence says what is wrong, and the others what to do.
    const [message = "", ...cure] = error.message.split(/(?<=\.) /);
    return { subject: `stage ${stage}`, verdict: "wrong", message, cure: cure.join(" ") };
  });
  if ("verdict" in deployment) return [account, deployment];
  const rest = isLocal ? await examineLocal(deployment, now) : await examineDeployed(deployment, now);
  return [account, ...rest];
}

const NOT_HERE = {
  account: { subject: "credentials", verdict: "unchecked", message: "the local stage takes any" },
  quotas: { subject: "quotas", verdict: "unchecked", message: "the push simulator's are those of the local stage" },
  functions: {
    subject: "functions",
    verdict: "unchecked",
    message: "they run without Lambda here; queues and tables have no encryption and forget nothing",
  },
} as const satisfies Record<string, Finding>;

async function examineLocal(deployment: Deployment, now: Date): Promise<readonly Finding[]> {
  return [
    ...examineVersions(deployment),
    ...(await examineChannels({ ...deployment, now })),
    NOT_HERE.quotas,
    ...(await examineQueuesAndBucket(deployment, [])),
    ...(await examineTables(deployment)),
    NOT_HERE.functions,
  ];
}

async function examineDeployed(deployment: Deployment, now: Date): Promise<readonly Finding[]> {
  const { stage, functionNames } = deployment;
  const facts: FunctionFacts[] = [];
  const unseen = await Promise.all(
    functionNames.map((name) =>
      lookAt(
        `function ${name}`,
        async () => {
          facts.push(await functionFacts(name));
          return [];
        },
        putBackCure(stage),
      ),
    ),
  );
  const [channels, quotas, queuesAndBucket, tables] = await Promise.all([
    examineChannels({ ...deployment, now }),
    examineQuotas(facts),
    examineQueuesAndBucket(deployment, facts),
    examineTables(deployment),
  ]);
  return [
    ...examineVersions(deployment),
    ...channels,
    ...quotas,
    ...queuesAndBucket,
    ...tables,
    ...unseen.flat(),
    ...examineFunctions(facts, deployment),
    PERMISSIONS,
  ];
}

/** The bucket has to tell one of the queues. */
async function examineQueuesAndBucket(deployment: Deployment, facts: readonly FunctionFacts[]) {
  const { findings, importsQueueArn } = await examineQueues(deployment, facts);
  return [...findings, ...(await examineBucket(deployment, importsQueueArn))];
}

/** All of the above was read with the operator's credentials, not with the functions'. */
const PERMISSIONS: Finding = {
  subject: "permissions of the functions",
  verdict: "unchecked",
  message: "their roles cannot be tried from here",
  cure: "Send one request (sluice send); what a role lacks stands in the function's log and in the dead letter's reason.",
};

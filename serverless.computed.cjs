/** Values of `serverless.yml` that follow from its parameters; Serverless reads this file as CommonJS. */

const { alarms } = require("./tools/deploy/alarms.ts");
const { dashboard } = require("./tools/deploy/dashboard.ts");
const { encryptionProperties, keyResources } = require("./tools/deploy/encryption.ts");
const { NETWORK_POLICY, pushEndpoint } = require("./tools/deploy/network.ts");
const { parameterProblems } = require("./tools/deploy/parameters.ts");
const { queuePolicies } = require("./tools/deploy/queue-policies.ts");
const { retireOffLines } = require("./tools/deploy/retire-off.ts");
const { NO_VALUE } = require("./tools/deploy/template.ts");

/** Serverless prints an error's stack, in which a person would look for the message in vain. */
const refusal = (problem) => Object.assign(new Error(problem), { stack: problem });

/** Resolves where names and numbers of all parameters are right. */
exports.checkedStage = async ({ options, resolveVariable, resolveConfigurationProperty }) => {
  const stage = String(await resolveVariable("sls:stage"));
  const names = Object.keys(await resolveConfigurationProperty(["params", "default"]));
  const values = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await resolveVariable(`param:${name}`)])),
  );
  const problems = parameterProblems({ stage, values, given: options.param ?? [] });
  if (problems.length > 0) throw refusal(problems.join("\n    "));
  return stage;
};

/**
 * The one resource that `mobiletargeting:SendMessages` needs for each application of the stage.
 *
 * @see https://docs.aws.amazon.com/pinpoint/latest/developerguide/permissions-actions.html
 */
const messagesOfEachApplication = async ({ resolveVariable }) => {
  const applicationIds = String(await resolveVariable("param:applicationIds")).split(",");
  const wrong = applicationIds.find((id) => !/^[0-9A-Za-z]+$/.test(id));
  if (wrong !== undefined) {
    const problem = wrong === "" ? "it is not set" : `"${wrong}" has more than letters and digits`;
    throw refusal(
      `Parameter applicationIds: ${problem}. List the stage's application ids, separated by commas, under params in serverless.yml or with --param='applicationIds=…'.`,
    );
  }
  return applicationIds.map((id) => ({
    "Fn::Sub": `arn:\${AWS::Partition}:mobiletargeting:\${AWS::Region}:\${AWS::AccountId}:apps/${id}/messages`,
  }));
};

exports.messagesOfEachApplication = messagesOfEachApplication;

/** Of each lane. */
const maximumConcurrencyOf = async ({ resolveVariable }) => {
  const [transactional, campaign] = await Promise.all(
    ["transactionalConcurrency", "campaignConcurrency"].map((name) => resolveVariable(`param:${name}`)),
  );
  return { transactional: Number(transactional), campaign: Number(campaign) };
};

/** `FLEET_CONCURRENCY`: by how many environments the account's rate is divided at most. */
exports.fleetConcurrency = async (variables) => {
  const { transactional, campaign } = await maximumConcurrencyOf(variables);
  return transactional + campaign;
};

const listOf = (text) => text.split(",").filter(Boolean);

const networkOf = async ({ resolveVariable }) => {
  const names = ["vpcId", "vpcSubnetIds", "vpcSecurityGroupIds"];
  const [vpcId, subnetIds, securityGroupIds] = await Promise.all(
    names.map(async (name) => String(await resolveVariable(`param:${name}`))),
  );
  if (vpcId + subnetIds + securityGroupIds === "") return undefined;
  const missing = names.filter((_, index) => [vpcId, subnetIds, securityGroupIds][index] === "");
  if (missing.length > 0)
    throw refusal(`Parameter ${missing[0]}: it is not set, but functions in a VPC need ${names.join(", ")}.`);
  return { vpcId, subnetIds: listOf(subnetIds), securityGroupIds: listOf(securityGroupIds) };
};

exports.vpc = async (variables) => {
  const { subnetIds, securityGroupIds } = (await networkOf(variables)) ?? {};
  return subnetIds ? { subnetIds, securityGroupIds } : null;
};

exports.managedPolicies = async (variables) => ((await networkOf(variables)) ? [NETWORK_POLICY] : NO_VALUE);

const encryptionOf = async ({ resolveVariable }) => await resolveVariable("param:encryption");

for (const name of ["sseOfQueues", "keyOfQueues", "sseOfTables", "encryptionOfBuckets"]) {
  exports[name] = async (variables) => encryptionProperties(await encryptionOf(variables))[name];
}

/** Reads are few: a ledger is read only when something comes twice. */
exports.warmThroughput = async ({ resolveVariable }) => {
  const writes = String(await resolveVariable("param:warmWritesPerSecond"));
  if (writes === "") return NO_VALUE;
  if (!(Number(writes) >= 4_000)) {
    throw refusal(`Parameter warmWritesPerSecond: it must be a number from 4000 on, not "${writes}".`);
  }
  return { WriteUnitsPerSecond: Number(writes), ReadUnitsPerSecond: 12_000 };
};

const alarmOptionsOf = async (variables) => {
  const topicArn = String(await variables.resolveVariable("param:alarmTopicArn"));
  if (topicArn !== "" && !/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]+$/.test(topicArn))
    throw refusal(`Parameter alarmTopicArn: "${topicArn}" is not the ARN of an SNS topic.`);
  return {
    stage: String(await variables.resolveVariable("sls:stage")),
    topicArn: topicArn || undefined,
    runbookUrl: String(await variables.resolveVariable("param:runbookUrl")).replace(/\/$/, ""),
    maximumConcurrency: await maximumConcurrencyOf(variables),
  };
};

/** The alarms, and the dashboard that shows them over its charts. */
const observation = async (variables) => {
  const options = await alarmOptionsOf(variables);
  const ours = alarms(options);
  const rateTableName = String(await variables.resolveVariable("param:rateTableName"));
  const memoryMb = Number(await variables.resolveVariable("self:provider.memorySize"));
  return { ...ours, ...dashboard({ stage: options.stage, alarms: Object.keys(ours), rateTableName, memoryMb }) };
};

const ROLES = [
  "SendMessagesTransactionalRole",
  "SendMessagesCampaignRole",
  "RetireDeadTokensRole",
  "ImportCampaignRole",
  "WakeRole",
];

/** Whether our function takes dead tokens off their queue. */
exports.retires = async ({ resolveVariable }) => {
  const retire = String(await resolveVariable("param:retire"));
  if (retire !== "on" && retire !== "off")
    throw refusal(`Parameter retire: it must be "on" or "off", not "${retire}".`);
  if (retire === "off") {
    const stage = await resolveVariable("sls:stage");
    process.stderr.write(`\n${retireOffLines(`sluice-${stage}-dead-tokens`).join("\n")}\n\n`);
  }
  return retire === "on";
};

exports.resources = async (variables) => {
  const ruleArns = listOf(String(await variables.resolveVariable("param:ruleArns")));
  const wrong = ruleArns.find((arn) => !/^arn:[\w-]+:events:[\w-]+:\d{12}:rule\/\S+$/.test(arn));
  if (wrong !== undefined) throw refusal(`Parameter ruleArns: "${wrong}" is not the ARN of an EventBridge rule.`);
  const [encryption, network] = [await encryptionOf(variables), await networkOf(variables)];
  const stage = await variables.resolveVariable("sls:stage");
  return {
    ...queuePolicies({ ruleArns, stage }),
    ...(await observation(variables)),
    ...(encryption === "key" ? keyResources(ROLES) : {}),
    ...(network ? pushEndpoint(network, await messagesOfEachApplication(variables)) : {}),
  };
};

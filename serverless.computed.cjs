/** Values of `serverless.yml` that follow from its parameters; Serverless reads this file as CommonJS. */

/**
 * The one resource that `mobiletargeting:SendMessages` needs for each application of the stage.
 *
 * @see https://docs.aws.amazon.com/pinpoint/latest/developerguide/permissions-actions.html
 */
exports.messagesOfEachApplication = async ({ resolveVariable }) => {
  const applicationIds = String(await resolveVariable("param:applicationIds")).split(",");
  const wrong = applicationIds.find((id) => !/^[0-9A-Za-z]+$/.test(id));
  if (wrong !== undefined) {
    const problem = wrong === "" ? "it is not set" : `"${wrong}" has more than letters and digits`;
    throw new Error(
      `Parameter applicationIds: ${problem}. List the stage's application ids, separated by commas, under params in serverless.yml or with --param='applicationIds=…'.`,
    );
  }
  return applicationIds.map((id) => ({
    "Fn::Sub": `arn:\${AWS::Partition}:mobiletargeting:\${AWS::Region}:\${AWS::AccountId}:apps/${id}/messages`,
  }));
};

/** `FLEET_CONCURRENCY`: by how many environments the account's rate is divided at most. */
exports.fleetConcurrency = async ({ resolveVariable }) => {
  const lanes = await Promise.all(
    ["transactionalConcurrency", "campaignConcurrency"].map((name) => resolveVariable(`param:${name}`)),
  );
  return lanes.reduce((sum, concurrency) => sum + Number(concurrency), 0);
};

import { DescribeTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Deployment } from "../deployment.ts";
import { type Finding, faultIf, judged, lookAt } from "./finding.ts";
import { putBackCure } from "./put-back-cure.ts";

/** The attribute by which items of the state table end. */
const TTL_ATTRIBUTE = "expiresAt";

const KEYS = "pk HASH, sk RANGE";

/** Whether the tables are there, with their keys, and whether the state table forgets. */
export async function examineTables({
  stage,
  tableNames,
}: Pick<Deployment, "stage" | "tableNames">): Promise<readonly Finding[]> {
  const client = new DynamoDBClient({});
  const putBack = putBackCure(stage);
  const findings = await Promise.all(
    Object.entries(tableNames).map(([role, TableName]) =>
      lookAt(
        `table ${TableName}`,
        async () => {
          const { Table } = await client.send(new DescribeTableCommand({ TableName }));
          const keys = Table?.KeySchema?.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`).join(", ");
          // The emulator knows no time to live; readers of the table check it themselves.
          const forgets = role !== "state" || stage === "local" || (await isForgetting(client, TableName));
          return judged(
            `table ${TableName}`,
            [
              ...faultIf(Table?.TableStatus !== "ACTIVE", `is ${Table?.TableStatus}`, "Wait, and look again."),
              ...faultIf(keys !== KEYS, `has the keys ${keys}, and should have ${KEYS}`, putBack),
              ...faultIf(
                !forgets,
                `keeps its items for ever: time to live by ${TTL_ATTRIBUTE} is not enabled`,
                `aws dynamodb update-time-to-live --table-name ${TableName} --time-to-live-specification Enabled=true,AttributeName=${TTL_ATTRIBUTE}`,
              ),
            ],
            `keys ${KEYS}`,
          );
        },
        putBack,
      ),
    ),
  );
  return findings.flat();
}

async function isForgetting(client: DynamoDBClient, TableName: string): Promise<boolean> {
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  const { TimeToLiveStatus = "", AttributeName } = TimeToLiveDescription ?? {};
  return /^ENABL/.test(TimeToLiveStatus) && AttributeName === TTL_ATTRIBUTE;
}

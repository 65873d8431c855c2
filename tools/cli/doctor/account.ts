import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { awsProblem } from "../ask-aws.ts";
import type { Finding } from "./finding.ts";

/** Whose credentials these are. */
export async function examineAccount(): Promise<Finding> {
  try {
    const { Account, Arn } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
    return { subject: "credentials", verdict: "ok", message: `account ${Account}, as ${Arn}` };
  } catch (cause) {
    const cure = "Check with: aws sts get-caller-identity";
    return { subject: "credentials", verdict: "wrong", message: awsProblem(cause), cure };
  }
}

import type { Reply, ServedRequest } from "./fake-http-service.ts";

/** The outputs of stacks, by the stacks' names. */
export type Stacks = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * `DescribeStacks` in its wire format (AWS Query: a form goes in, XML comes out).
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
 */
export function describeStacks(stacks: Stacks, { body }: ServedRequest): Reply {
  const form = new URLSearchParams(body);
  const name = form.get("StackName") ?? "";
  const outputs = stacks[name];
  const headers = { "content-type": "text/xml" };
  if (form.get("Action") !== "DescribeStacks" || outputs === undefined) {
    return { status: 400, headers, body: errorXml("ValidationError", `Stack with id ${name} does not exist`) };
  }
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${escaped(value)}</OutputValue></member>`,
  );
  return { status: 200, headers, body: stackXml(name, members.join("")) };
}

/** An error in the form of the AWS Query protocol. */
export function errorXml(code: string, message: string): string {
  return `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped(message)}</Message></Error><RequestId>1</RequestId></ErrorResponse>`;
}

const NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

function stackXml(name: string, outputs: string): string {
  const stack = `<StackName>${name}</StackName><StackId>arn:aws:cloudformation:us-east-1:000000000000:stack/${name}/1</StackId><CreationTime>2026-11-26T12:00:00.000Z</CreationTime><StackStatus>UPDATE_COMPLETE</StackStatus><Outputs>${outputs}</Outputs>`;
  return `<DescribeStacksResponse xmlns="${NAMESPACE}"><DescribeStacksResult><Stacks><member>${stack}</member></Stacks></DescribeStacksResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></DescribeStacksResponse>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

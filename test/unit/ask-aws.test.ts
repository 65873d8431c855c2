import { describe, expect, it, onTestFinished, vi } from "vitest";
import { awsProblem } from "../../tools/cli/ask-aws.ts";
import { tableProblem } from "../../tools/cli/table-problem.ts";

const error = (name: string, message: string, more = {}) => Object.assign(new Error(message), { name, ...more });

describe("awsProblem", () => {
  it.each([
    [error("CredentialsProviderError", "Could not load credentials from any providers"), "Set AWS_PROFILE"],
    [error("Error", "Region is missing"), "Set AWS_REGION"],
    [error("ExpiredTokenException", "The security token is expired"), "Renew them"],
    [error("UnrecognizedClientException", "The security token is invalid"), "right account"],
    [error("AccessDeniedException", "not authorized to perform: mobiletargeting:GetApp."), "GetApp. The credentials"],
    [error("Error", "connect ECONNREFUSED 127.0.0.1:9", { code: "ECONNREFUSED" }), "no connection (ECONNREFUSED)"],
    [error("BadRequestException", "Missing credentials: ApiKey"), "BadRequestException: Missing credentials: ApiKey."],
    [error("NotFound", ""), "NotFound."],
    [error("Error", 'Region not accepted: region="eu west" is no hostname'), "AWS_REGION is not a region. Set it"],
    [error("CredentialsProviderError", "The SSO session has expired."), "Log in again, with aws sso login"],
    [error("NotFoundException", "Resource not found"), "no such application in this account and region"],
    [
      error("QueueDoesNotExist", "The queue is gone"),
      "not there any more (QueueDoesNotExist). What to do, says sluice doc",
    ],
    [
      error("SyntaxError", 'Unexpected "<html>"\n  Deserialization error: to see'),
      "what answers there is not AWS. Is AWS_ENDPOI",
    ],
  ])("of %s says what to do", (cause, words) => {
    expect(awsProblem(cause, undefined)).toContain(words);
  });

  it("names the profile that has no credentials", () => {
    expect(awsProblem(error("CredentialsProviderError", "Could not load"), "shop")).toContain(
      "in the profile shop. Set",
    );
  });
});

describe("tableProblem", () => {
  it.each([
    [
      "ResourceNotFoundException: Requested resource not found",
      "it is not there any more (ResourceNotFoundException). W",
    ],
    ["Error: connect ECONNREFUSED 127.0.0.1:9", "no connection (ECONNREFUSED). Are network, region and AWS_ENDPOINT_"],
    ["NoAnswer: No answer within 2000 ms", "No answer within 2000 ms. Are network, region and AWS_ENDPOINT_URL_"],
    ["CredentialsProviderError: Could not load credentials", "there are no AWS credentials. Set AWS_PROFILE"],
    [
      "AccessDeniedException: not authorized: dynamodb:GetItem",
      "AccessDeniedException: not authorized: dynamodb:GetItem. The credentials need that permission.",
    ],
    ["away", "Error: away."],
  ])("of %s names the table and what to do", (detail, words) => {
    vi.stubEnv("AWS_PROFILE", undefined);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    expect(tableProblem("sluice-prod-state", detail)).toContain(`Cannot use the table sluice-prod-state: ${words}`);
  });
});

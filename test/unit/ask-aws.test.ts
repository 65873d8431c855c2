import { describe, expect, it } from "vitest";
import { awsProblem } from "../../tools/cli/ask-aws.ts";

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
  ])("of %s says what to do", (cause, words) => {
    expect(awsProblem(cause)).toContain(words);
  });
});

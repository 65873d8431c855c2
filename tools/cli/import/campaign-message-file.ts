import { shortHash } from "../../../shared/aws/short-hash.ts";
import { type CampaignMessage, parseCampaignMessage } from "../../../shared/core/campaign/campaign-message.ts";
import { readInputText } from "../input-file.ts";
import { UsageError } from "../usage-error.ts";

/**
 * The message of a campaign, and its JSON as it was written; `-` is standard input.
 *
 * @throws {UsageError} with everything that is wrong with it
 */
export async function readCampaignMessage(
  path: string,
): Promise<{ readonly message: CampaignMessage; readonly json: unknown }> {
  const text = await readInputText(path);
  const parsed = parseCampaignMessage(text, shortHash);
  if (parsed.ok) return { message: parsed.message, json: JSON.parse(text) };
  const problems = parsed.problems.map((problem) => `  ${problem.path}${problem.path ? " " : ""}${problem.message}`);
  throw new UsageError(`${path} is not a message that can be sent.\n${problems.join("\n")}`);
}

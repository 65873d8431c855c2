import { paginateListServiceQuotas, type ServiceQuota, ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { type Finding, faultIf, judged, lookAt } from "./finding.ts";
import { type FunctionFacts, isSender } from "./function-facts.ts";

/** What push notifications are counted under there still. */
const SERVICE_CODE = "pinpoint";

const BY_HAND =
  "Look at Service Quotas, Amazon Pinpoint, in the console, and deploy with --param='messagesPerSecond=…' and --param='callsPerSecond=…' if it says less.";

/** Each setting, the quota that it follows, and what the API allows where nobody has asked for more. */
const FOLLOWED = [
  { setting: "MESSAGES_PER_SECOND", quotaName: /push notifications.*per second/i, unset: "25000" },
  { setting: "CALLS_PER_SECOND", quotaName: /SendMessages/i, unset: "4000" },
] as const;

/** Whether the functions keep to no more than the account's quotas. Service Quotas need not list them: then it says so. */
export function examineQuotas(facts: readonly FunctionFacts[]): Promise<readonly Finding[]> {
  return lookAt(
    "quotas",
    async () => {
      const quotas = await quotasOf(new ServiceQuotasClient({}));
      return FOLLOWED.flatMap(({ setting, quotaName, unset }) => {
        const subject = `quota for ${setting}`;
        const quota = quotas.find(({ QuotaName = "" }) => quotaName.test(QuotaName));
        const set = Math.max(...facts.filter(isSender).map(({ environment }) => Number(environment[setting] || unset)));
        if (quota?.Value === undefined || !Number.isFinite(set)) {
          const message =
            quota === undefined ? "Service Quotas does not list it" : "no function says what it is set to";
          return [{ subject, verdict: "unchecked", message, cure: BY_HAND } as const];
        }
        return judged(
          subject,
          faultIf(
            set > quota.Value,
            `is set to ${set}, and the account has ${quota.Value} (${quota.QuotaName}): the rest is throttled`,
            `Ask for more in Service Quotas, or deploy with --param='${PARAMETER[setting]}=${quota.Value}'.`,
          ),
          `set to ${set}, and the account has ${quota.Value}`,
        );
      });
    },
    BY_HAND,
  );
}

const PARAMETER = { MESSAGES_PER_SECOND: "messagesPerSecond", CALLS_PER_SECOND: "callsPerSecond" } as const;

async function quotasOf(client: ServiceQuotasClient): Promise<readonly ServiceQuota[]> {
  const pages = await Array.fromAsync(paginateListServiceQuotas({ client }, { ServiceCode: SERVICE_CODE }));
  return pages.flatMap(({ Quotas = [] }) => Quotas);
}

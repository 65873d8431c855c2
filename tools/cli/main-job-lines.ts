import type { Reject } from "../../shared/core/campaign/reject.ts";
import { type MainJobReport, surplus } from "../local/main-job/main-job.ts";
import { table } from "./print.ts";

const MOST_ROWS_SHOWN = 10;

/** The end of a main job, for a person: the accounts first, then what the devices' side says, then the verdict. */
export function mainJobLines(report: MainJobReport, rejected: readonly Reject[]): string[] {
  const { requested, elapsedMs, accounts, comparison, simulator, balanced } = report;
  const { calls, addresses, rate } = simulator;
  const seconds = elapsedMs / 1000;
  const booked = Object.entries(accounts.words);
  const sum = booked.reduce((total, [, count]) => total + count, comparison.arrived);
  const answered = calls.byReply["200"] ?? 0;
  return [
    ...rejected.slice(0, MOST_ROWS_SHOWN).map(({ row, message }) => `row ${row}: ${message}`),
    ...(rejected.length > MOST_ROWS_SHOWN ? [`… and ${rejected.length - MOST_ROWS_SHOWN} more rows rejected`] : []),
    "",
    ...table(
      ["ledger", "addresses"],
      [
        ["requested", requested],
        ["sent", comparison.arrived],
        ...booked,
        ["sum", sum],
        ["difference", requested - sum],
      ],
    ),
    "",
    ...table(
      ["on the devices", ""],
      [
        ["compared", comparison.compared.expectations],
        ["received", comparison.compared.deliveries],
        ["lost", comparison.lost + comparison.open + comparison.refused],
        ["twice", comparison.twice],
        ["wrong text", comparison.wrongText + comparison.unasked],
        ["seconds over the rate", (rate.messages.secondsOver ?? 0) + (rate.calls.secondsOver ?? 0)],
      ],
    ),
    "",
    `${calls.total} calls, ${answered} of them answered, ${(addresses.total / Math.max(1, calls.total)).toFixed(1)} addresses a call; ` +
      `${seconds.toFixed(1)} s, the most in a second ${rate.messages.worstSecond} of ${rate.messages.perSecond} messages.`,
    ...Object.entries(accounts.deadLetters).map(([reason, count]) => `dead letters, ${reason}: ${count} addresses`),
    `device tokens: ${accounts.retired} retired, ${accounts.replaced} replaced, ${accounts.held} held`,
    "",
    balanced ? "The ledger balances." : `The ledger does NOT balance: ${surplus(comparison)} deliveries too many.`,
  ];
}

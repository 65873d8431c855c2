/** What does not happen while `retire-dead-tokens` leaves the dead-token queue to a consumer of one's own. */
export function retireOffLines(deadTokenQueue: string): readonly string[] {
  return [
    `Retiring is off: dead tokens stay on the queue ${deadTokenQueue} for a consumer of your own. Nothing else reads it:`,
    "  - nobody is told of dead and replaced tokens (no event Device Tokens Retired)",
    "  - there is no breaker: when a mistake of the sender's kills every token, your consumer gets every token",
    "  - nobody is suppressed, and to look (SUPPRESSION=on) finds nobody",
    "  - nothing is held, so `sluice dead-tokens` has nothing to release",
    "docs/dead-tokens.md says what your consumer has to see to.",
  ];
}

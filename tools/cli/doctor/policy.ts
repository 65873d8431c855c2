/** A statement of a resource's policy. Everything in it may be one thing or a list. */
export interface PolicyStatement {
  readonly Effect?: string;
  readonly Principal?: string | Readonly<Record<string, string | readonly string[]>>;
  readonly Action?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** The statements of a policy; none where there is no policy. */
export function statementsOf(policy: string | undefined): readonly PolicyStatement[] {
  const { Statement = [] }: { readonly Statement?: PolicyStatement | readonly PolicyStatement[] } = JSON.parse(
    policy || "{}",
  );
  return listOf(Statement);
}

/** Whether it is denied to everybody to come without TLS. */
export function refusesWithoutTls(statements: readonly PolicyStatement[]): boolean {
  return statements.some(
    ({ Effect, Principal, Condition }) =>
      Effect === "Deny" &&
      (Principal === "*" || (typeof Principal === "object" && listOf(Principal["AWS"]).includes("*"))) &&
      valuesOf(Condition, "aws:securetransport").includes("false"),
  );
}

/** The ARNs for which a service of AWS may put records on a queue; `undefined` where it may not at all. */
export function sourcesOf(statements: readonly PolicyStatement[], service: string): readonly string[] | undefined {
  const allowing = statements.filter(
    ({ Effect, Principal, Action }) =>
      Effect === "Allow" &&
      typeof Principal === "object" &&
      listOf(Principal["Service"]).includes(service) &&
      listOf(Action).some((action) => /^sqs:(SendMessage|\*)$/i.test(action)),
  );
  return allowing.length === 0 ? undefined : allowing.flatMap(({ Condition }) => valuesOf(Condition, "aws:sourcearn"));
}

/** The values of a condition's key, whatever the operator; keys are not case sensitive. */
function valuesOf(condition: PolicyStatement["Condition"], key: string): readonly string[] {
  return Object.values(condition ?? {}).flatMap((pairs) =>
    Object.entries(pairs).flatMap(([name, values]) => (name.toLowerCase() === key ? listOf(values) : [])),
  );
}

function listOf<One>(oneOrMore: One | readonly One[] | undefined): readonly One[] {
  if (oneOrMore === undefined) return [];
  return Array.isArray(oneOrMore) ? oneOrMore : [oneOrMore as One];
}

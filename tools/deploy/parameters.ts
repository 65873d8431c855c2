import { nearestName } from "../../shared/core/request/nearest-name.ts";

/** Parameters of `serverless.yml` that are whole numbers: the least and the most that AWS, or a setting, takes. */
const NUMBERS: Readonly<Record<string, readonly [number, number]>> = {
  messagesPerSecond: [1, 999_999_999],
  callsPerSecond: [1, 999_999_999],
  // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
  transactionalConcurrency: [2, 1_000],
  campaignConcurrency: [2, 1_000],
  importConcurrency: [2, 1_000],
  suppressionDays: [1, 3_650],
  // SQS delays no longer.
  breakerWindowSeconds: [1, 900],
};

const CHOICES: Readonly<Record<string, readonly [string, string]>> = {
  suppression: ["on", "off"],
  encryption: ["aws", "key"],
};

/** An account's number and a region's name are in the bucket's name as well, and 63 characters are all it has. */
const STAGE = /^[a-z0-9][a-z0-9-]{0,19}$/;

/** What is deployed: the stage, its parameters by name, and those of the command line, as `name=value`. */
export interface Deploying {
  readonly stage: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly given: readonly string[];
}

/** Everything that is wrong with names, numbers and choices, each with what it should be. */
export function parameterProblems({ stage, values, given }: Deploying): readonly string[] {
  const names = Object.keys(values);
  const isStage = STAGE.test(stage);
  return [
    ...(isStage
      ? []
      : [
          `--stage: "${stage}" should be up to 20 small letters, digits and hyphens; the import bucket is named for it.`,
        ]),
    ...given
      .map((item) => item.split("=", 1)[0] ?? "")
      .flatMap((name) => (names.includes(name) ? [] : [unknown(name, names)])),
    ...Object.entries(NUMBERS).flatMap(([name, [least, most]]) => {
      const number = Number(values[name]);
      if (Number.isInteger(number) && number >= least && number <= most) return [];
      return [`Parameter ${name}: it must be a whole number from ${least} to ${most}, not "${values[name]}".`];
    }),
    ...Object.entries(CHOICES).flatMap(([name, [one, other]]) =>
      values[name] === one || values[name] === other
        ? []
        : [`Parameter ${name}: it must be "${one}" or "${other}", not "${values[name]}".`],
    ),
  ];
}

function unknown(name: string, names: readonly string[]): string {
  const meant = nearestName(name, names);
  const cure = meant === undefined ? "serverless.yml lists all of them, under params" : `did you mean ${meant}`;
  return `Parameter ${name}: there is none of that name; ${cure}${meant === undefined ? "." : "?"}`;
}

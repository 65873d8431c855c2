import type { ChannelType } from "../request/channel-type.ts";
import { nearestName } from "../request/nearest-name.ts";
import { isPresentable } from "../request/problem.ts";
import { BadFile } from "./bad-file.ts";
import { type CampaignMessage, requiredVariables, usedVariables } from "./campaign-message.ts";

/** Which column of a recipients file holds what, by index. */
export interface Columns {
  readonly names: readonly string[];
  readonly token?: number;
  readonly channel?: number;
  readonly locale?: number;
  readonly optOut?: number;
  readonly endpointStatus?: number;
  /** Every column, by the names of the variable that it holds: its own and, of Pinpoint's attributes, a short one. */
  readonly variables: ReadonlyMap<string, number>;
}

type ReadRole = Exclude<keyof Columns, "names" | "variables">;

/** Whose device it is means something to whoever has written the file: to us it is a value like any other. */
type Role = ReadRole | "recipientId";

/** The names of columns that need no variable of a message: ours, and those of files that were made for Amazon Pinpoint. */
const NAMES_OF_ROLE = {
  token: ["token", "Address", "address", "device_token"],
  channel: ["channel", "ChannelType"],
  locale: ["locale", "Demographic.Locale"],
  recipientId: ["recipient_id", "User.UserId"],
  optOut: ["OptOut"],
  endpointStatus: ["EndpointStatus"],
} as const satisfies Record<Role, readonly string[]>;

const ROLE_OF_NAME: ReadonlyMap<string, Role> = new Map(
  Object.entries(NAMES_OF_ROLE).flatMap(([role, names]) => names.map((name) => [name, role as Role] as const)),
);

/** Pinpoint's attributes are variables also without these. */
const ATTRIBUTE = /^(?:User\.UserAttributes|Attributes)\.(?=.)/;

/**
 * A variable is a column of its name, and where there is none, the attribute that is called so. Where several columns would
 * be the same, the first counts: Pinpoint's files repeat an attribute that has several values. Others `checkNames` refuses.
 */
export function mapColumns(names: readonly string[]): Columns {
  const roles: Partial<Record<ReadRole, number>> = {};
  const variables = new Map<string, number>();
  const call = (name: string, index: number) => {
    if (name !== "" && !variables.has(name)) variables.set(name, index);
  };
  for (const [index, name] of names.entries()) {
    const role = ROLE_OF_NAME.get(name);
    if (role !== undefined && role !== "recipientId") roles[role] ??= index;
    call(name, index);
  }
  for (const [index, name] of names.entries()) call(shortName(name), index);
  return { names, ...roles, variables };
}

function shortName(name: string): string {
  return name.replace(ATTRIBUTE, "");
}

/**
 * Whether each column holds something of its own.
 *
 * @param row in which they are named, where there is one
 * @throws {BadFile} where two of them do not, and which one is meant matters
 */
export function checkNames({ names, variables }: Columns, message: CampaignMessage, row?: number): void {
  const refuse = (what: string, cure: string): never => {
    throw new BadFile("BadHeader", { what, cure, ...(row !== undefined && { row }) });
  };
  const first = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const role = ROLE_OF_NAME.get(name);
    const same = first.get(role ?? name);
    first.set(role ?? name, same ?? index);
    if (same === undefined || name === "" || ATTRIBUTE.test(name)) continue;
    const both = role === undefined ? `${same + 1} and ${index + 1}` : `${names[same]} and ${name}`;
    refuse(`the columns ${both} hold the same`, "Rename or remove one of them.");
  }
  for (const variable of usedVariables(message)) {
    if (names[variables.get(variable) ?? -1] === variable) continue;
    const meant = new Set(names.filter((name) => shortName(name) === variable));
    if (meant.size < 2) continue;
    const cure = `Say in the message which one is meant: ${[...meant].map((name) => `{{${name}}}`).join(" or ")}.`;
    refuse(`{{${variable}}} can be any of ${meant.size} columns`, cure);
  }
}

/**
 * Whether a file with this header can be sent: before any row is read, for a million rows that lack the same column are
 * one fault.
 *
 * @throws {BadFile} when the header is none, is ambiguous, or lacks a column that every recipient needs
 */
export function checkHeader(
  columns: Columns,
  { message, channel }: { readonly message: CampaignMessage; readonly channel?: ChannelType },
): void {
  const { names, variables } = columns;
  if (columns.token === undefined) throw noToken(names);
  if (columns.channel === undefined && channel === undefined) {
    const meant = nearest(names, NAMES_OF_ROLE.channel);
    throw new BadFile("MissingColumn", {
      row: 1,
      what: `no column says the channel type: it is called ${NAMES_OF_ROLE.channel.join(" or ")}`,
      cure: meant ?? "Add it, or name one channel type for all rows with --channel.",
    });
  }
  checkNames(columns, message, 1);
  const lacking = [...requiredVariables(message)].filter((name) => !variables.has(name));
  if (lacking.length > 0) {
    const presentable = [...variables.keys()].filter(isPresentable);
    const hints = lacking.map((name) => {
      const meant = nearestName(name, presentable);
      return `{{${name}}}${meant === undefined ? "" : ` (is it the column ${meant}?)`}`;
    });
    throw new BadFile("MissingColumn", {
      row: 1,
      what: `no column for ${hints.join(", ")} of the message`,
      cure: "Add the column, or give the variable a default: {{name|default}}.",
    });
  }
}

/** Columns that nobody reads: no harm, but perhaps a misspelt variable. */
export function unusedColumns({ variables, names }: Columns, message: CampaignMessage): readonly string[] {
  const used = new Set(Array.from(usedVariables(message), (variable) => names[variables.get(variable) ?? -1]));
  const unused = names.filter((name) => name !== "" && !used.has(name) && !ROLE_OF_NAME.has(name));
  return [...new Set(unused.map(shortName))];
}

function noToken(names: readonly string[]): BadFile {
  const what = `no column holds device tokens: it is called ${NAMES_OF_ROLE.token.join(", ")}`;
  const separator = [";", "\t", "|"].find((candidate) => names.length === 1 && names[0]?.includes(candidate));
  if (separator !== undefined) {
    const shown = separator === "\t" ? "tabs" : separator;
    return new BadFile("NoHeader", {
      row: 1,
      what: `the columns are separated by ${shown}, not by commas`,
      cure: "Export the file as comma-separated values.",
    });
  }
  const meant = nearest(names, NAMES_OF_ROLE.token);
  if (meant !== undefined) return new BadFile("MissingColumn", { row: 1, what, cure: meant });
  return new BadFile("NoHeader", {
    row: 1,
    what,
    cure: "The first row has to be a header, such as: token,channel,name",
  });
}

function nearest(names: readonly string[], candidates: readonly string[]): string | undefined {
  for (const name of names.filter(isPresentable)) {
    const meant = nearestName(name, candidates);
    if (meant !== undefined) return `Rename the column ${name} to ${meant}.`;
  }
  return undefined;
}

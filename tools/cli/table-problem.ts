import { awsProblem } from "./ask-aws.ts";

/**
 * Why a table gave no answer that can be trusted, and the cure.
 *
 * @param detail as a port tells it of a table that is away: the error's name and message
 */
export function tableProblem(tableName: string, detail: string): string {
  const [, name = "Error", message = detail] = /^(\w+): (.*)$/s.exec(detail) ?? [];
  const [code] = /\bE[A-Z]{4,}\b/.exec(message) ?? [];
  const why = /\bwithin \d+ ms$/.test(message)
    ? `${message}. Are network, region and AWS_ENDPOINT_URL_… right?`
    : awsProblem(Object.assign(new Error(message), { name, code }));
  return `Cannot use the table ${tableName}: ${why}`;
}

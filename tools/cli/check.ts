import { Command, Option } from "commander";
import { shortHash } from "../../shared/aws/short-hash.ts";
import { parseSendRequest } from "../../shared/core/request/parse-send-request.ts";
import type { SendRequest } from "../../shared/core/request/send-request.ts";
import { applicationIdList } from "./application-id-list.ts";
import { print } from "./print.ts";
import { type FileRequest, readRequestsFile } from "./requests-file.ts";

/** A send request of a file, parsed: valid, or with all its problems. */
export type CheckedRequest = { readonly where: string } & ReturnType<typeof parseSendRequest>;

/** `sluice check FILE`: what would be refused, and why, before it is sent. */
export function check(): Command {
  return new Command("check")
    .description("Says whether the send requests of a file are valid, and lists every problem with its path.")
    .argument("<file>", "one JSON object, a JSON array, or JSON lines; - for standard input")
    .addOption(
      new Option(
        "--application-ids <list>",
        "comma list of the deployment's applications (default: those in the file)",
      ).argParser(applicationIdList),
    )
    .option("--json", "print one JSON object")
    .action(async (file: string, options: { applicationIds?: readonly string[]; json?: true }) => {
      const checked = checkRequests(await readRequestsFile(file), options.applicationIds);
      const refused = checked.filter((request) => !request.ok);
      const lines = refused.flatMap(({ where, problems }) =>
        problems.map(({ path, message }) => `${where}: ${path === "" ? "" : `${path}: `}${message}`),
      );
      lines.push(
        refused.length === 0
          ? `${checked.length} valid.`
          : `${refused.length} of ${checked.length} would be refused: they would go to the dead-letter queue unsent.`,
      );
      print(options.json ?? false, lines, {
        valid: checked.length - refused.length,
        refused: refused.map(({ where, problems }) => ({ where, problems })),
      });
      if (refused.length > 0) process.exitCode = 1;
    });
}

/** Parses each request. Without `applicationIds`, an application is taken to be one of the deployment's. */
export function checkRequests(
  requests: readonly FileRequest[],
  applicationIds: readonly string[] | undefined,
): readonly CheckedRequest[] {
  return requests.map(({ where, body }) => ({
    where,
    ...parseSendRequest(body, { applicationIds: applicationIds ?? [applicationIdIn(body) ?? "default"], shortHash }),
  }));
}

/** The valid ones of checked requests. */
export function validRequests(checked: readonly CheckedRequest[]): readonly SendRequest[] {
  return checked.flatMap((request) => (request.ok ? [request.request] : []));
}

/** Whatever the envelope, the application is the one string of that name: good enough to believe the file. */
function applicationIdIn(body: string): string | undefined {
  return /"ApplicationId\\?"\s*:\s*\\?"([^"\\]+)\\?"/.exec(body)?.[1];
}

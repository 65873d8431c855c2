import { join } from "node:path";
import { fingerprint } from "../../../shared/aws/fingerprint.ts";
import type { CampaignMessage } from "../../../shared/core/campaign/campaign-message.ts";
import { mapColumns, unusedColumns } from "../../../shared/core/campaign/columns.ts";
import { estimate, type SendingLimits } from "../../../shared/core/campaign/estimate.ts";
import { REJECTS } from "../../../shared/core/campaign/split-files.ts";
import { total } from "../../../shared/core/campaign/tally.ts";
import type { ChannelType } from "../../../shared/core/request/channel-type.ts";
import { split } from "../../../shared/pipeline/import-campaign/split.ts";
import { FileGone } from "../../../shared/ports.ts";
import { fileProblem, isSystemError } from "../file-problem.ts";
import { UsageError } from "../usage-error.ts";
import { campaignFolder } from "./campaign-folder.ts";
import { localFile } from "./local-file.ts";
import { occupyFolder } from "./occupy-folder.ts";
import type { SplitReport } from "./split-lines.ts";

/** A campaign, before it is one: a file of this machine, and a message. */
export interface Task {
  readonly id: string;
  readonly message: CampaignMessage;
  readonly applicationId?: string;
  readonly expiresAt?: string;
  readonly channel?: ChannelType;
}

/**
 * Splits a recipients file on this machine, and says what sending it would take.
 *
 * @throws {BadFile}
 * @throws {UsageError} when the folder cannot be used, or another process is at it
 */
export async function look(
  path: string,
  task: Task,
  { limits, folder, isQuiet }: { readonly limits: SendingLimits; readonly folder: string; readonly isQuiet: boolean },
): Promise<SplitReport> {
  let leave: (() => Promise<void>) | undefined;
  const progress = progressLine(isQuiet);
  try {
    leave = await occupyFolder(folder);
    const store = campaignFolder(folder);
    const done = await split(task, { file: localFile(path), store, fingerprint, onProgress: progress.tell });
    const { tally, resumedAfterRow } = done;
    return {
      recipients: total(tally.recipients),
      resumedAfterRow,
      unusedColumns: unusedColumns(mapColumns(done.columns), task.message),
      tally,
      estimate: estimate(tally, limits),
      folder,
      rejected: join(folder, REJECTS),
    };
  } catch (error) {
    if (error instanceof FileGone) {
      throw new UsageError(`Cannot go on in the folder ${folder}: ${error.message}. Delete the folder to begin anew.`, {
        cause: error,
      });
    }
    // What hinders reading the recipients is told by then.
    if (!isSystemError(error)) throw error;
    throw new UsageError(`Cannot use the folder ${folder}: ${fileProblem(error)} --folder names it.`, { cause: error });
  } finally {
    progress.end();
    await leave?.();
  }
}

const PROGRESS_EVERY_ROWS = 100_000;

function progressLine(isQuiet: boolean) {
  const isShown = !isQuiet && process.stderr.isTTY;
  let shown = 0;
  return {
    tell: ({ rows }: { readonly rows: number }) => {
      if (!isShown || rows - shown < PROGRESS_EVERY_ROWS) return;
      shown = rows;
      process.stderr.write(`\r\x1b[2K${rows.toLocaleString("en")} rows`);
    },
    end: () => {
      if (isShown && shown > 0) process.stderr.write("\r\x1b[2K");
    },
  };
}

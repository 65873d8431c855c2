import type { DeadTokenQueue, DeadTokenRecord } from "../../shared/ports.ts";

export interface MemoryDeadTokenQueue extends DeadTokenQueue {
  /** What was taken, in order. */
  readonly records: readonly DeadTokenRecord[];
}

/** A dead-token queue in a variable. */
export function memoryDeadTokenQueue(): MemoryDeadTokenQueue {
  const records: DeadTokenRecord[] = [];
  return {
    records,
    async put(record) {
      records.push(record);
    },
  };
}

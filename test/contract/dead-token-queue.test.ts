import { sqsDeadTokenQueue } from "../../shared/aws/sqs-dead-token-queue.ts";
import { startFauxqsQueues } from "../support/fauxqs-queues.ts";
import { memoryDeadTokenQueue } from "../support/memory-dead-token-queue.ts";
import { describeDeadTokenQueue } from "./dead-token-queue.ts";

describeDeadTokenQueue("a variable", async () => ({
  async fresh() {
    const queue = memoryDeadTokenQueue();
    return { queue, taken: async () => queue.records };
  },
  close: async () => undefined,
}));

describeDeadTokenQueue("SQS's API (fauxqs)", async () => {
  const { client, create, close } = await startFauxqsQueues();
  return {
    async fresh() {
      const { queueUrl, taken } = create();
      return {
        queue: sqsDeadTokenQueue(client, queueUrl),
        taken: async () => taken().map(({ body }) => JSON.parse(body)),
      };
    },
    close,
  };
});

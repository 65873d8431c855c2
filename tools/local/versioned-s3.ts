import { randomUUID } from "node:crypto";
import type { BuildAppOptions, buildApp } from "fauxqs";

type S3Store = NonNullable<BuildAppOptions["stores"]>["s3Store"];

/** Files of these keys are told of. */
interface Notification {
  readonly queueArn: string;
  readonly prefix: string;
  readonly suffix: string;
}

/**
 * Gives fauxqs's S3 what it lacks: versions of objects (`PutBucketVersioning`, `versionId` when one is read or asked for),
 * and notifications of new objects to queues (`PutBucketNotificationConfiguration`, filters by prefix and suffix); both can
 * be asked for. It is milder
 * than S3 in this: notifications do not begin with a test event and never come twice; deleted objects leave no
 * delete markers, and versions cannot be listed or deleted.
 *
 * @param put puts a notification on the queue with this ARN
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export function completeS3(
  app: ReturnType<typeof buildApp>,
  store: S3Store,
  put: (queueArn: string, body: string) => Promise<void>,
): void {
  const notifications = new Map<string, { readonly xml: string; readonly told: readonly Notification[] }>();
  /** Of each object, by bucket and key, the latest version. */
  const latest = new Map<string, string>();

  app.addHook("preHandler", async (request, reply) => {
    const { bucket, key, query } = placeOf(request);
    if (request.method === "PUT" && key === "" && "versioning" in query) {
      if (!store.hasBucket(versionsOf(bucket))) store.createBucket(versionsOf(bucket));
      return reply.send("");
    }
    if (request.method === "PUT" && key === "" && "notification" in query) {
      const xml = String(request.body);
      notifications.set(bucket, { xml, told: notificationsIn(xml) });
      return reply.send("");
    }
    if (request.method === "GET" && key === "" && store.hasBucket(bucket)) {
      if ("versioning" in query) return reply.send(versioningXml(store.hasBucket(versionsOf(bucket))));
      if ("notification" in query) return reply.send(notifications.get(bucket)?.xml ?? NO_NOTIFICATIONS);
    }
    if (
      (request.method === "GET" || request.method === "HEAD") &&
      query["versionId"] &&
      store.hasBucket(versionsOf(bucket))
    )
      request.params = { bucket: versionsOf(bucket), "*": `${query["versionId"]}/${key}` };
    return undefined;
  });

  /** A new object: its version, and who is told of it. */
  const created = (bucket: string, key: string) => {
    if (store.hasBucket(versionsOf(bucket))) {
      const versionId = randomUUID().replaceAll("-", "");
      latest.set(`${bucket}/${key}`, versionId);
      store.restoreObject(versionsOf(bucket), { ...store.headObject(bucket, key), key: `${versionId}/${key}` });
    }
    const event = JSON.stringify(createdEvent({ bucket, key, versionId: latest.get(`${bucket}/${key}`) }));
    for (const { queueArn, prefix, suffix } of notifications.get(bucket)?.told ?? []) {
      // A queue that is gone has nobody who waits for it: the emulators are being stopped.
      if (key.startsWith(prefix) && key.endsWith(suffix)) put(queueArn, event).catch(() => undefined);
    }
  };

  // With a callback: an answer that waits for a promise is one that fastify sends twice.
  app.addHook("onSend", (request, reply, payload, done) => {
    const { bucket, key, query } = placeOf(request);
    const isAnswered = reply.statusCode === 200 || reply.statusCode === 206;
    if (isAnswered && key !== "" && bucket !== "") {
      const { method } = request;
      if (method === "PUT" ? !("partNumber" in query) : method === "POST" && "uploadId" in query) created(bucket, key);
      const versionId = query["versionId"] ?? latest.get(`${bucket}/${key}`);
      if (versionId !== undefined) reply.header("x-amz-version-id", versionId);
    }
    done(null, payload);
  });
}

const NO_NOTIFICATIONS = '<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>';

function versioningXml(isEnabled: boolean): string {
  const status = isEnabled ? "<Status>Enabled</Status>" : "";
  return `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${status}</VersioningConfiguration>`;
}

/** A bucket beside the bucket, which keeps every version of every object. */
function versionsOf(bucket: string): string {
  return `${bucket}--versions`;
}

function placeOf(request: { readonly params: unknown; readonly query: unknown }) {
  const { bucket = "", "*": key = "" } = request.params as Readonly<Partial<Record<"bucket" | "*", string>>>;
  return { bucket, key, query: (request.query ?? {}) as Readonly<Record<string, string>> };
}

function notificationsIn(xml: string): readonly Notification[] {
  return Array.from(xml.matchAll(/<QueueConfiguration>.*?<\/QueueConfiguration>/gs), ([own]) => {
    const rules = Array.from(own.matchAll(/<Name>(\w+)<\/Name><Value>([^<]*)<\/Value>/g), ([, name, value]) => [
      name?.toLowerCase(),
      value,
    ]);
    const filter: { readonly prefix?: string; readonly suffix?: string } = Object.fromEntries(rules);
    const queueArn = /<Queue>([^<]*)<\/Queue>/.exec(own)?.[1] ?? "";
    return { queueArn, prefix: "", suffix: "", ...filter };
  });
}

function createdEvent({ bucket, key, versionId }: { bucket: string; key: string; versionId: string | undefined }) {
  const object = { key: encodeURIComponent(key).replaceAll("%20", "+").replaceAll("%2F", "/"), versionId };
  const s3 = { s3SchemaVersion: "1.0", bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` }, object };
  const eventTime = new Date().toISOString();
  return { Records: [{ eventVersion: "2.1", eventSource: "aws:s3", eventTime, eventName: "ObjectCreated:Put", s3 }] };
}

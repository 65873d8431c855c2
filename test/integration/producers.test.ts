import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { s3Client } from "../../shared/aws/s3-client.ts";
import { upload } from "../../shared/aws/s3-upload.ts";
import { type Stack, startStack } from "../../tools/local/stack.ts";
import { LOCAL_APPLICATION_ID, LOCAL_BUCKET_NAME } from "../../tools/local/stage.ts";
import { type DocExample, docExamples } from "../support/doc-examples.ts";
import { type InputTransformer, transformInput } from "../support/input-transformer.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";

/** docs/producers.md, run as it stands, from the packed package in a folder of its own. */

const CHECKOUT = join(import.meta.dirname, "../..");
const run = promisify(execFile);

let stack: Stack;
/** Of a producer that has installed the package and nothing else. */
let folder: string;
let examples: readonly DocExample[];

beforeAll(async () => {
  [folder, examples, stack] = await Promise.all([installed(), docExamples("producers.md"), startStack()]);
});
afterAll(async () => {
  await stack?.close();
  await rm(folder, { recursive: true });
});

async function installed(): Promise<string> {
  const created = await mkdtemp(join(tmpdir(), "sluice-producer-"));
  const packed = await run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", created], {
    cwd: CHECKOUT,
  });
  await writeFile(join(created, "package.json"), JSON.stringify({ name: "shop", type: "module" }));
  // It has no dependencies, so no registry is asked; what is optional is a Node for the command.
  const words = [
    "install",
    "--offline",
    "--omit=optional",
    "--no-audit",
    "--no-fund",
    join(created, packed.stdout.trim()),
  ];
  await run("npm", words, { cwd: created });
  return created;
}

const example = (heading: string, language: string, place = 0): string => {
  const found = examples.filter((one) => one.heading === heading && one.language === language)[place];
  if (found === undefined) throw new Error(`docs/producers.md has no ${language} under ${heading}`);
  return found.text;
};

const inFolder = async (name: string, text: string) => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

/** The producer's environment: the account, and the queue's URL. */
const environment = () => ({
  PATH: process.env["PATH"],
  ...stack.environment,
  QUEUE_URL: stack.queueUrls.transactional,
});

const receivedBy = async (token: string, channelType: "GCM" | "APNS" = "GCM") =>
  (await stack.simulator.answersOf({ applicationId: LOCAL_APPLICATION_ID, channelType, token })).filter(
    ({ settlement }) => settlement === "received",
  ).length;

const put = (body: string) =>
  stack.sqs.send(new SendMessageCommand({ QueueUrl: stack.queueUrls.transactional, MessageBody: body }));

describe("the package", () => {
  it("brings client, command and schemas, and no dependency", async () => {
    expect((await readdir(join(folder, "node_modules"))).filter((name) => !name.startsWith("."))).toEqual(["sluice"]);
    const request = await inFolder("request.json", example("The AWS CLI", "json"));
    const { stdout } = await run(process.execPath, [join(folder, "node_modules/.bin/sluice"), "check", request]);
    expect(stdout).toBe("1 valid.\n");
  });

  it("has a schema by which the examples are valid", async () => {
    const path = join(folder, "node_modules/sluice/events/send-request/schema.json");
    const ajv = new Ajv2020({ strictTypes: false, strictRequired: false });
    addFormats.default(ajv);
    const validate = ajv.compile(JSON.parse(await readFile(path, "utf8")));
    expect(validate(JSON.parse(example("The AWS CLI", "json"))), JSON.stringify(validate.errors)).toBe(true);
  });

  it("has types by which the client's example compiles, and a misspelt field does not", async () => {
    const code = example("TypeScript and JavaScript", "ts");
    await Promise.all([inFolder("producer.ts", code), inFolder("misspelt.ts", code.replace("Title:", "Titel:"))]);
    const compile = async (file: string) => {
      const words = ["--ignoreConfig", "--noEmit", "--strict", "--exactOptionalPropertyTypes", "--module", "nodenext"];
      const types = ["--target", "esnext", "--types", "node", "--typeRoots", join(CHECKOUT, "node_modules/@types")];
      return run(join(CHECKOUT, "node_modules/.bin/tsc"), [...words, ...types, join(folder, file)]).then(
        () => "",
        (error: { stdout: string }) => error.stdout,
      );
    };
    expect(await compile("producer.ts")).toBe("");
    expect(await compile("misspelt.ts")).toContain("'Titel' does not exist");
  });
});

describe("each producer's push arrives", () => {
  it("from the client", async () => {
    const path = await inFolder("send.ts", example("TypeScript and JavaScript", "ts"));
    expect(await run(process.execPath, [path], { env: environment() })).toEqual({ stdout: "", stderr: "" });
    await expect.poll(() => receivedBy("device-of-ada"), { timeout: 30_000 }).toBe(1);
  });

  it("from the AWS CLI: the same operation with the same words", async () => {
    const command = example("The AWS CLI", "sh");
    expect(command).toContain('aws sqs send-message --queue-url "$QUEUE_URL" --message-body file://request.json');
    await put(example("The AWS CLI", "json"));
    await expect.poll(() => receivedBy("device-of-grace"), { timeout: 30_000 }).toBe(1);
  });

  it("from an SDK", async () => {
    const modules = join(folder, "sdk/node_modules");
    await run("mkdir", ["-p", modules]);
    await symlink(join(CHECKOUT, "node_modules/@aws-sdk"), join(modules, "@aws-sdk"));
    const path = await inFolder("sdk/send.mjs", example("Any other language", "js"));
    await run(process.execPath, [path], { env: environment() });
    await expect.poll(() => receivedBy("device-of-alan"), { timeout: 30_000 }).toBe(1);
  });

  it("from a shop's own event, by the rule's input transformer, on every device and once", async () => {
    const event = JSON.parse(example("EventBridge", "json"));
    const rule: { Properties: { Targets: { InputTransformer: InputTransformer }[] } } = JSON.parse(
      example("EventBridge", "json", 1),
    );
    const [target] = rule.Properties.Targets;
    const body = transformInput(target?.InputTransformer ?? { InputPathsMap: {}, InputTemplate: "" }, event);
    await put(body);
    await expect.poll(() => receivedBy("device-of-edsger"), { timeout: 30_000 }).toBe(1);
    await stack.idle(AbortSignal.timeout(30_000));
    await put(body);
    await stack.idle(AbortSignal.timeout(30_000));
    expect([await receivedBy("device-of-edsger"), await receivedBy("0123abcd", "APNS")]).toEqual([1, 1]);
  });

  it("from a file in the bucket: what the AWS CLI copies, in its order", async () => {
    const { AWS_ENDPOINT_URL_S3: endpoint = "" } = stack.environment;
    const s3 = s3Client({ ...LOCAL_CREDENTIALS, endpoint });
    const content = {
      "people.csv": example("A file for many", "csv"),
      "campaign.json": example("A file for many", "json", 1),
    };
    const copied = [...example("A file for many", "sh").matchAll(/^aws s3 cp (\S+) "s3:\/\/\$BUCKET\/(\S+)"$/gm)];
    expect(copied.map(([, name]) => name)).toEqual(Object.keys(content));
    for (const [, name = "", key = ""] of copied)
      await upload(s3, { bucket: LOCAL_BUCKET_NAME, key }, [Buffer.from(content[name as keyof typeof content])]);
    s3.destroy();
    await expect.poll(() => receivedBy("device-of-barbara"), { timeout: 60_000 }).toBe(1);
  });

  it("from an event whose detail is a send request", async () => {
    const event = JSON.parse(example("EventBridge", "json"));
    const detail = JSON.parse(example("The AWS CLI", "json").replace("device-of-grace", "device-of-grace-2"));
    await put(JSON.stringify({ ...event, detail: { ...detail, RequestId: "order-4715" } }));
    await expect.poll(() => receivedBy("device-of-grace-2"), { timeout: 30_000 }).toBe(1);
  });
});

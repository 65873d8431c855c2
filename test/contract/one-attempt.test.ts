import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

const moduleOf = (name: string) => JSON.stringify(new URL(`../../shared/aws/${name}.ts`, import.meta.url).href);

const CREDENTIALS = `{ region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } }`;

it.each([
  {
    client: "pinpointClient",
    module: "pinpoint-push-service",
    settings: "{ maxCallsInFlight: 1, callTimeoutMs: 1 }, ",
  },
  { client: "ledgerClient", module: "dynamodb-ledger", settings: "" },
])("V8 has laid out the configuration of $client as an object", ({ client, module, settings }) => {
  const script = `
    import { ${client} } from ${moduleOf(module)};
    const { config } = ${client}(${settings}${CREDENTIALS});
    console.log(%HasFastProperties(config));
  `;
  const flags = ["--allow-natives-syntax", "--input-type=module", "--eval", script];
  const { status, stdout, stderr } = spawnSync(process.execPath, flags, { encoding: "utf8" });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "true\n", stderr: "" });
});

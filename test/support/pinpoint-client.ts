import { PinpointClient } from "@aws-sdk/client-pinpoint";
import { NodeHttpHandler } from "@smithy/node-http-handler";

/** The real client on an endpoint of our own. It never tries twice: a test counts what it asked for. */
export function pinpointClient(endpoint: string, options: { readonly requestTimeoutMs?: number } = {}): PinpointClient {
  return new PinpointClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({ requestTimeout: options.requestTimeoutMs ?? 0, throwOnRequestTimeout: true }),
  });
}

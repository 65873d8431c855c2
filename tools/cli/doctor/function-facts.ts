import {
  type EventSourceMappingConfiguration,
  type FunctionConfiguration,
  GetFunctionConfigurationCommand,
  GetFunctionRecursionConfigCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
} from "@aws-sdk/client-lambda";

/** What Lambda tells of a deployed function. */
export interface FunctionFacts {
  readonly name: string;
  readonly configuration: FunctionConfiguration;
  readonly environment: Readonly<Record<string, string>>;
  readonly mappings: readonly EventSourceMappingConfiguration[];
  /** `Allow` or `Terminate`. */
  readonly recursiveLoop: string | undefined;
}

/** @throws the SDK's error where the function is not there, or may not be seen */
export async function functionFacts(FunctionName: string): Promise<FunctionFacts> {
  const client = new LambdaClient({});
  const [configuration, { EventSourceMappings = [] }, { RecursiveLoop }] = await Promise.all([
    client.send(new GetFunctionConfigurationCommand({ FunctionName })),
    client.send(new ListEventSourceMappingsCommand({ FunctionName })),
    client.send(new GetFunctionRecursionConfigCommand({ FunctionName })),
  ]);
  return {
    name: FunctionName,
    configuration,
    environment: configuration.Environment?.Variables ?? {},
    mappings: EventSourceMappings,
    recursiveLoop: RecursiveLoop,
  };
}

/** Whether it is `retire-dead-tokens`. */
export function isRetirer({ name }: FunctionFacts): boolean {
  return name.includes("retire-dead-tokens");
}

/** Whether it is a deployment of `send-messages`: these put back, and share the rate. */
export function isSender({ name }: FunctionFacts): boolean {
  return name.includes("send-messages");
}

/** Whether it is `import-campaign`. */
export function isImporter({ name }: FunctionFacts): boolean {
  return name.includes("import-campaign");
}

import {
  type ApplicationResponse,
  CreateAppCommand,
  DeleteAppCommand,
  GetAppCommand,
  GetAppsCommand,
  PinpointClient,
} from "@aws-sdk/client-pinpoint";
import { Command, InvalidArgumentError } from "commander";
import { askAws } from "./ask-aws.ts";
import { confirmWord } from "./confirm-word.ts";
import { print, table } from "./print.ts";
import { reachStage, stageOption } from "./stage-option.ts";

interface AppOptions {
  readonly stage: string;
  readonly json?: boolean;
}

/** `sluice app create | list | delete`: the applications of an account and region, which is where channels live. */
export function app(): Command {
  return new Command("app")
    .description("Creates, lists and deletes applications: each has channels and credentials of its own.")
    .addCommand(
      withOptions(new Command("create"))
        .description("Creates an application, without channels.")
        .argument("<name>", "for people: shown by `app list`", applicationName)
        .action(create),
    )
    .addCommand(
      withOptions(new Command("list")).description("The applications of the account and region.").action(list),
    )
    .addCommand(
      withOptions(new Command("delete"))
        .description("Deletes an application with its channels and their credentials; asks for the word delete.")
        .argument("<application-id>")
        .action(remove),
    );
}

function applicationName(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("It should be a name by which people know the application.");
  return text;
}

async function create(Name: string, { stage, json = false }: AppOptions): Promise<void> {
  await reachStage(stage);
  const { ApplicationResponse: application } = await askAws(
    `create the application ${Name}`,
    new PinpointClient({}).send(new CreateAppCommand({ CreateApplicationRequest: { Name } })),
  );
  const { Id } = viewOf(application);
  print(
    json,
    [
      `Created ${Name}: ${Id}`,
      `Next, a channel:   sluice channel enable fcm --application-id ${Id} --stage ${stage} --service-account FILE`,
      ...(stage === "local"
        ? ["The stage sends for it from now on, as if it had been deployed anew."]
        : [`and deploy for it:  npm run deploy -- --stage ${stage} --param='applicationIds=${Id}'`]),
    ],
    viewOf(application),
  );
}

async function list({ stage, json = false }: AppOptions): Promise<void> {
  await reachStage(stage);
  const applications = await askAws("list the applications", allApplications(new PinpointClient({})));
  print(
    json,
    applications.length === 0
      ? ["There are no applications in this region. Create one: sluice app create NAME"]
      : table(
          ["application", "name", "created"],
          applications.map(({ Id, Name, CreationDate }) => [Id, Name, CreationDate ?? "–"]),
        ),
    { applications },
  );
}

async function remove(ApplicationId: string, { stage, json = false }: AppOptions): Promise<void> {
  await reachStage(stage);
  const client = new PinpointClient({});
  const what = `delete the application ${ApplicationId}`;
  const { ApplicationResponse } = await askAws(what, client.send(new GetAppCommand({ ApplicationId })));
  const { Name } = viewOf(ApplicationResponse);
  await confirmWord(
    "delete",
    `This deletes ${Name} (${ApplicationId}) with all its channels and their credentials. What is sent for it from then on fails.`,
  );
  await askAws(what, client.send(new DeleteAppCommand({ ApplicationId })));
  print(json, [`Deleted ${Name} (${ApplicationId}).`], { deleted: viewOf(ApplicationResponse) });
}

async function allApplications(client: PinpointClient) {
  const applications: ReturnType<typeof viewOf>[] = [];
  let Token: string | undefined;
  do {
    const { ApplicationsResponse } = await client.send(new GetAppsCommand({ PageSize: "100", Token }));
    applications.push(...(ApplicationsResponse?.Item ?? []).map(viewOf));
    Token = ApplicationsResponse?.NextToken;
  } while (Token);
  return applications;
}

function viewOf(application: ApplicationResponse | undefined) {
  const { Id = "", Name = "", Arn = "", CreationDate } = application ?? {};
  return { Id, Name, Arn, CreationDate };
}

function withOptions(command: Command): Command {
  return command.addOption(stageOption()).option("--json", "print one JSON object");
}

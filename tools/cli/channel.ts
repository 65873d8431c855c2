import { PinpointClient } from "@aws-sdk/client-pinpoint";
import { Argument, Command } from "commander";
import { applicationIdOf } from "./application-id.ts";
import { askAws, awsProblem } from "./ask-aws.ts";
import { noteExpiry } from "./certificate-expiry.ts";
import {
  type AdmOptions,
  type ApnsOptions,
  admCredentials,
  apnsCredentials,
  type BaiduOptions,
  baiduCredentials,
  type ChannelCredentials,
  fcmCredentials,
} from "./channel-credentials.ts";
import { type ChannelState, channelStates } from "./channel-state.ts";
import { confirmWord } from "./confirm-word.ts";
import { print, table } from "./print.ts";
import {
  ADM_CHANNEL,
  APNS_CHANNELS,
  BAIDU_CHANNEL,
  type ChannelAnswer,
  FCM_CHANNEL,
  PUSH_CHANNEL_NAMES,
  PUSH_CHANNELS,
  type PushChannelName,
} from "./push-channels.ts";
import { stageOption } from "./stage-option.ts";
import { UsageError } from "./usage-error.ts";

interface ChannelOptions {
  readonly stage: string;
  readonly applicationId?: string;
  readonly json?: true;
}

/** `sluice channel enable | disable | show`: through which push services an application may send. */
export function channel(): Command {
  return new Command("channel")
    .description("Enables, disables and shows the channels of an application.")
    .addCommand(enable())
    .addCommand(
      withOptions(new Command("disable"))
        .description("Disables a channel and deletes its credentials; asks for the word delete.")
        .addArgument(channelArgument("<channel>"))
        .action(disable),
    )
    .addCommand(
      withOptions(new Command("show"))
        .description("Each channel's state, how it authenticates itself, and when that ends.")
        .addArgument(channelArgument("[channel]"))
        .action(show),
    );
}

function enable(): Command {
  const command = new Command("enable").description(
    "Enables a channel, or gives it new credentials. Secrets come from files or standard input (-), never from an argument.",
  );
  for (const [name, { channelType, update }] of Object.entries(APNS_CHANNELS)) {
    command.addCommand(
      withOptions(new Command(name))
        .description(`${channelType}, by a .p8 key or a .p12 certificate.`)
        .option("--key <file>", "the .p8 key, or -; it does not expire and serves all apps of the team")
        .option("--key-id <id>", "the key's id, 10 characters")
        .option("--team-id <id>", "the team's id, 10 characters")
        .option("--bundle-id <id>", "the app's bundle id, such as com.example.shop")
        .option("--certificate <file>", "the .p12 certificate with its private key, or -")
        .option("--password-file <file>", "holds the password of the .p12, or - (default: no password)")
        .action(async (options: ChannelOptions & ApnsOptions) => {
          const credentials = await apnsCredentials(options, new Date());
          await enableWith(name as PushChannelName, update, credentials, options);
        }),
    );
  }
  return command
    .addCommand(
      withOptions(new Command("fcm"))
        .description("FCM (channel type GCM), by the key of a service account.")
        .requiredOption("--service-account <file>", "the JSON file that the Firebase console gives, or -")
        .action(async (options: ChannelOptions & { readonly serviceAccount: string }) => {
          await enableWith("fcm", FCM_CHANNEL.update, await fcmCredentials(options.serviceAccount), options);
        }),
    )
    .addCommand(
      withOptions(new Command("adm"))
        .description("Amazon Device Messaging, by the client id and secret of a security profile.")
        .requiredOption("--client-id <id>", "the client id")
        .requiredOption("--client-secret-file <file>", "holds the client secret, or -")
        .action(async (options: ChannelOptions & AdmOptions) => {
          await enableWith("adm", ADM_CHANNEL.update, await admCredentials(options), options);
        }),
    )
    .addCommand(
      withOptions(new Command("baidu"))
        .description("Baidu Cloud Push, by API key and secret key.")
        .requiredOption("--api-key-file <file>", "holds the API key, or -")
        .requiredOption("--secret-key-file <file>", "holds the secret key, or -")
        .action(async (options: ChannelOptions & BaiduOptions) => {
          await enableWith("baidu", BAIDU_CHANNEL.update, await baiduCredentials(options), options);
        }),
    );
}

type Update<Request> = (
  client: PinpointClient,
  applicationId: string,
  request: Request,
) => Promise<ChannelAnswer | undefined>;

async function enableWith<Request extends object>(
  name: PushChannelName,
  update: Update<Request>,
  { request, what, expiresAt }: ChannelCredentials<Request>,
  options: ChannelOptions,
): Promise<void> {
  const applicationId = await applicationIdOf(options);
  const client = new PinpointClient({});
  const doing = `enable ${name} for the application ${applicationId}`;
  await askAws(doing, update(client, applicationId, request).catch(withoutSecretsOf(request)));
  const noted = await noteExpiry(client, { applicationId, channel: name, expiresAt }).catch(awsProblem);
  const expires = expiresAt?.toISOString();
  print(
    options.json ?? false,
    [
      `Enabled ${name} for the application ${applicationId}: ${what}.`,
      ...(expires === undefined ? [] : [`The certificate expires on ${expires}; from then on nothing is delivered.`]),
      ...(noted === undefined || expires === undefined
        ? []
        : [`That date could not be noted in the application's tags, so nothing will remind you of it: ${noted}`]),
    ],
    { applicationId, channel: name, credentials: what, expires: expires ?? null },
  );
}

/** An error that quotes a secret, or a line of one, is passed on without its words. */
function withoutSecretsOf(request: object): (cause: Error) => never {
  return (cause) => {
    const secrets = Object.entries(request)
      .filter(([field]) => SECRET_FIELDS.has(field))
      .flatMap(([, secret]) => [secret as string, ...String(secret).split(/\r?\n|\\n/)])
      .filter((text) => text.length >= SHORTEST_QUOTE);
    if (!secrets.some((text) => cause.message.includes(text))) throw cause;
    throw Object.assign(new Error("the service's own words quote the credentials, and are not shown", { cause }), {
      name: cause.name,
    });
  };
}

/** In characters: a shorter one may be any word. */
const SHORTEST_QUOTE = 6;

const SECRET_FIELDS: ReadonlySet<string> = new Set([
  "ApiKey",
  "ClientSecret",
  "PrivateKey",
  "SecretKey",
  "ServiceJson",
  "TokenKey",
]);

async function disable(name: PushChannelName, options: ChannelOptions): Promise<void> {
  const applicationId = await applicationIdOf(options);
  const client = new PinpointClient({});
  const doing = `disable ${name} for the application ${applicationId}`;
  const [state] = await askAws(doing, channelStates(client, applicationId, [name]));
  if (state?.state === "absent") {
    throw new UsageError(
      `Cannot ${doing}: it is not enabled. See: sluice channel show --application-id ${applicationId}`,
    );
  }
  await confirmWord(
    "delete",
    `This disables ${name} for the application ${applicationId} and deletes its credentials. What is sent through it from then on fails.`,
  );
  await askAws(doing, PUSH_CHANNELS[name].remove(client, applicationId));
  await noteExpiry(client, { applicationId, channel: name }).catch(() => undefined);
  print(options.json ?? false, [`Disabled ${name} for the application ${applicationId}.`], {
    applicationId,
    disabled: name,
  });
}

async function show(name: PushChannelName | undefined, options: ChannelOptions): Promise<void> {
  const applicationId = await applicationIdOf(options);
  const names = name === undefined ? PUSH_CHANNEL_NAMES : [name];
  const states = await askAws(
    `show the channels of the application ${applicationId}`,
    channelStates(new PinpointClient({}), applicationId, names),
  );
  print(
    options.json ?? false,
    [
      `Application ${applicationId}`,
      "",
      ...table(
        ["channel", "type", "state", "authentication", "expires"],
        states.map((state) => [
          state.channel,
          state.channelType,
          state.state,
          state.authentication ?? "–",
          expiryWords(state),
        ]),
      ),
    ],
    { applicationId, channels: states },
  );
}

/** Whatever is no certificate does not expire by itself. */
function expiryWords({ authentication, expires }: ChannelState): string {
  if (authentication !== "CERTIFICATE") return "–";
  return expires ?? "not known";
}

function channelArgument(name: string): Argument {
  return new Argument(name, "which channel").choices(PUSH_CHANNEL_NAMES);
}

function withOptions(command: Command): Command {
  return command
    .option("--application-id <id>", "the application (default: the deployment's first)")
    .addOption(stageOption())
    .option("--json", "print one JSON object");
}

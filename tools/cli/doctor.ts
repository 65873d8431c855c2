import { Command, InvalidArgumentError, Option } from "commander";
import type { ChannelType } from "../../shared/core/request/channel-type.ts";
import { applicationIdOf } from "./application-id.ts";
import { examine } from "./doctor/examine.ts";
import type { Finding } from "./doctor/finding.ts";
import { type ProbeResult, probe } from "./doctor/probe.ts";
import { print } from "./print.ts";
import { PUSH_CHANNEL_NAMES, PUSH_CHANNELS, type PushChannelName } from "./push-channels.ts";
import { stageOption } from "./stage-option.ts";

interface DoctorOptions {
  readonly stage: string;
  readonly probe?: string;
  readonly channel: PushChannelName;
  readonly applicationId?: string;
  readonly json?: true;
}

/** `sluice doctor`: what is wrong with a stage, and what to do about it. */
export function doctor(): Command {
  return new Command("doctor")
    .description(
      "Looks at everything that a stage consists of, and says what is wrong and what to do. Changes nothing.",
    )
    .addOption(stageOption())
    .option("--probe <device-token>", "sends two pushes to this device, to confirm what PACKING relies on", probeToken)
    .addOption(new Option("--channel <channel>", "of the probe").choices(PUSH_CHANNEL_NAMES).default("fcm"))
    .option("--application-id <id>", "of the probe (default: the deployment's first)")
    .option("--json", "print one JSON object")
    .action(async (options: DoctorOptions) => {
      const findings = await examine(options.stage, new Date());
      const wrong = findings.filter(({ verdict }) => verdict === "wrong").length;
      const probed = options.probe === undefined || wrong > 0 ? [] : await probeOf(options, options.probe);
      print(
        options.json ?? false,
        [...findings.flatMap(linesOf), "", summaryOf(findings), ...probeLines(options, wrong, probed)],
        { stage: options.stage, wrong, findings, probe: probed },
      );
      if (wrong > 0 || probed.some(({ delivered }) => !delivered)) process.exitCode = 1;
    });
}

function probeToken(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("It should be the device token of a device of yours.");
  return text;
}

async function probeOf(options: DoctorOptions, deviceToken: string): Promise<readonly ProbeResult[]> {
  const { channelType } = PUSH_CHANNELS[options.channel];
  return probe({ applicationId: await applicationIdOf(options), channelType: channelType as ChannelType, deviceToken });
}

const MARK = { ok: "ok   ", wrong: "WRONG", unchecked: "?    " } as const satisfies Record<Finding["verdict"], string>;

function linesOf(finding: Finding): string[] {
  const cure = "cure" in finding && finding.cure ? [`        → ${finding.cure}`] : [];
  return [`${MARK[finding.verdict]}  ${finding.subject}: ${finding.message}`, ...cure];
}

function summaryOf(findings: readonly Finding[]): string {
  const count = (verdict: Finding["verdict"]) => findings.filter((finding) => finding.verdict === verdict).length;
  return `${count("ok")} ok, ${count("wrong")} wrong, ${count("unchecked")} not checked.`;
}

function probeLines({ probe: wanted }: DoctorOptions, wrong: number, probed: readonly ProbeResult[]): string[] {
  if (wanted === undefined) return [];
  if (wrong > 0) return ["", "No probe was sent: first mend what is wrong."];
  return [
    "",
    ...probed.flatMap(({ packing, device, answer, delivered, shouldShow, mustNotShow }) => [
      `Probe for PACKING=${packing}, device ${device}: ${answer}`,
      ...(delivered
        ? [
            `        Look at the device. It should show  ${shouldShow}`,
            `        If it shows  ${mustNotShow}  then set ${packing === "text" ? "PACKING=identical" : "PACKING=text at most"}.`,
          ]
        : []),
    ]),
  ];
}

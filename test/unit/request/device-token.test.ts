import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHANNEL_TYPES } from "../../../shared/core/request/channel-type.ts";
import { deviceTokenIdentity } from "../../../shared/core/request/device-token.ts";

describe("deviceTokenIdentity", () => {
  it.each([
    { channelType: "APNS", token: "740F4707BEBCF74F", identity: "740f4707bebcf74f" },
    { channelType: "APNS_SANDBOX", token: "<740f4707 bebcf74f>", identity: "740f4707bebcf74f" },
    { channelType: "APNS_VOIP", token: " 740f4707 BEBCF74F", identity: "740f4707bebcf74f" },
    { channelType: "APNS_VOIP_SANDBOX", token: "<740F4707bebcf74f", identity: "740f4707bebcf74f" },
    { channelType: "GCM", token: "dXk:APA91b <Q>", identity: "dXk:APA91b <Q>" },
    { channelType: "ADM", token: "amzn1.adm-registration.v3.Y29t", identity: "amzn1.adm-registration.v3.Y29t" },
    { channelType: "BAIDU", token: "36 AB", identity: "36 AB" },
  ] as const)("$channelType $token is $identity", ({ channelType, token, identity }) => {
    expect(deviceTokenIdentity(channelType, token)).toBe(identity);
  });

  it("of a hexadecimal token has neither case nor spaces nor brackets", () => {
    const token = fc.string({ unit: fc.constantFrom(..."09afAFxX <>\u0130\u03a3\u00e9\u00c9") });
    fc.assert(
      fc.property(token, (token) => {
        expect(deviceTokenIdentity("APNS", token)).toBe(token.replace(/[ <>]/g, "").toLowerCase());
      }),
    );
  });

  it("is its own identity: normalising twice changes nothing", () => {
    fc.assert(
      fc.property(fc.constantFrom(...CHANNEL_TYPES), fc.string(), (channelType, token) => {
        const identity = deviceTokenIdentity(channelType, token);
        expect(deviceTokenIdentity(channelType, identity)).toBe(identity);
      }),
    );
  });
});

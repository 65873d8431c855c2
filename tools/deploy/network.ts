import { type Resources, sub } from "./template.ts";

/** Where functions run that must not reach the internet. */
export interface Network {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly vpcId: string;
}

/** Lambda makes and removes network interfaces with it. */
export const NETWORK_POLICY = sub(
  `arn:\${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole`,
);

/**
 * The way to `SendMessages` inside the network, for nothing else than `SendMessages` of these applications.
 *
 * @param messages what the functions may send to, as in their roles
 * @see https://docs.aws.amazon.com/pinpoint/latest/developerguide/security-vpc-endpoints.html
 */
export function pushEndpoint({ vpcId, subnetIds, securityGroupIds }: Network, messages: unknown): Resources {
  return {
    PushEndpoint: {
      Type: "AWS::EC2::VPCEndpoint",
      Properties: {
        VpcEndpointType: "Interface",
        ServiceName: sub(`com.amazonaws.\${AWS::Region}.pinpoint`),
        VpcId: vpcId,
        SubnetIds: subnetIds,
        SecurityGroupIds: securityGroupIds,
        // The SDK's usual host name then leads here.
        PrivateDnsEnabled: true,
        PolicyDocument: {
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Principal: "*", Action: "mobiletargeting:SendMessages", Resource: messages }],
        },
      },
    },
  };
}

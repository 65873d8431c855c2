/** Pieces of a CloudFormation template, as far as we write any. */

export interface Resource {
  readonly Type: string;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: "Retain";
  readonly UpdateReplacePolicy?: "Retain";
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** By logical id. */
export type Resources = Readonly<Record<string, Resource>>;

/** As a property's value: as if the property were not there. */
export const NO_VALUE = { Ref: "AWS::NoValue" } as const;

export const arnOf = (logicalId: string) => ({ "Fn::GetAtt": [logicalId, "Arn"] }) as const;

export const ref = (logicalId: string) => ({ Ref: logicalId }) as const;

export const sub = (text: string) => ({ "Fn::Sub": text }) as const;

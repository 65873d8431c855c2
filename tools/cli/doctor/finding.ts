import { awsProblem } from "../ask-aws.ts";

/** What a look at one part of a stage has found. */
export type Finding = {
  /** Which part, in a few words: `queue sluice-prod-campaign`. */
  readonly subject: string;
  readonly message: string;
} & (
  | { readonly verdict: "ok" }
  /** `cure` says what to do, as a command where one does it. */
  | { readonly verdict: "wrong"; readonly cure: string }
  /** Nobody could tell, or it makes no sense here. `cure` says how to find out, where there is a way. */
  | { readonly verdict: "unchecked"; readonly cure?: string }
);

/** Something that is wrong with a subject. */
export interface Fault {
  readonly message: string;
  readonly cure: string;
}

/** The faults of a subject, or, where it has none, that it is well. */
export function judged(subject: string, faults: readonly Fault[], well: string): readonly Finding[] {
  if (faults.length === 0) return [{ subject, verdict: "ok", message: well }];
  return faults.map((fault) => ({ subject, verdict: "wrong", ...fault }));
}

/** A list of one, or of none: for lists of faults. */
export function faultIf(isWrong: boolean, message: string, cure: string): readonly Fault[] {
  return isWrong ? [{ message, cure }] : [];
}

/**
 * What `look` finds. What we may not see is not checked, and what else hinders the look is wrong, with `cureIfMissing`
 * where the subject is not there.
 */
export async function lookAt(
  subject: string,
  look: () => Promise<readonly Finding[]>,
  cureIfMissing: string,
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (cause) {
    const { name } = cause as Error;
    const message = awsProblem(cause);
    if (/AccessDenied|NotAuthorized|Forbidden|UnauthorizedOperation/.test(name)) {
      return [{ subject, verdict: "unchecked", message, cure: "Look again with credentials that have it." }];
    }
    const isMissing = /NotFound|NonExistentQueue|QueueDoesNotExist|NoSuchBucket/.test(name);
    return [{ subject, verdict: "wrong", message: isMissing ? "is not there" : message, cure: cureIfMissing }];
  }
}

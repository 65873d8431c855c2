/**
 * A call has no answer.
 *
 * - `late`: it could have been written, but its slot had passed.
 * - `notCarriedOut`: there was no connection to write it to.
 * - `unknown`: it was written, wholly or in part, and then the connection broke or we stopped waiting.
 */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  readonly code = "no_answer";
  readonly kind: "late" | "notCarriedOut" | "unknown";

  /** @param message is logged: it must hold nothing of what was sent or received */
  constructor(message: string, { kind, cause }: { readonly kind: NoAnswer["kind"]; readonly cause?: unknown }) {
    super(message, { cause });
    this.kind = kind;
  }
}

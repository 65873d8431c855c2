/** The person at the keyboard can mend this: the message says how, and a stack trace would only hide it. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

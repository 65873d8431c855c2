import fc from "fast-check";

/** Any UTF-16 unit, those that somebody stumbles over more often. fast-check's own `binary` unit takes 2 s to set up. */
const unit = fc.oneof(
  fc.constantFrom(...'ab {}<>"\\/\u0000\n\u001F\u007Fé\u2028📦\uFFFD\uFFFE\uFFFF', "\uD83D", "\uDCE6"),
  fc.nat(0xff_ff).map((code) => String.fromCharCode(code)),
);

/** Any string at all: lone surrogates, control characters and non-characters included. */
export const anyText = (constraints: fc.StringConstraints = {}) => fc.string({ ...constraints, unit });

/**
 * JSON that SQS takes as it is, whatever the value holds: `JSON.stringify` writes control characters and lone surrogates
 * as escapes, and the two non-characters that it leaves, U+FFFE and U+FFFF, are escaped here.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html "A message can include
 * only XML, JSON, and unformatted text": #x9, #xA, #xD, #x20 to #xD7FF, #xE000 to #xFFFD, #x10000 to #x10FFFF
 */
export function formatJson(value: object): string {
  return escapeNonCharacters(JSON.stringify(value));
}

/** The same for JSON that is written already. */
export function escapeNonCharacters(json: string): string {
  return json.replace(/[\uFFFE\uFFFF]/g, (character) => (character === "\uFFFE" ? "\\ufffe" : "\\uffff"));
}

/** Bytes of a text as UTF-8. A loop, because `TextEncoder` would write out each text only to be asked for its length. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) {
      // Each half of a surrogate pair has two of its four bytes.
      bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
    }
  }
  return bytes;
}

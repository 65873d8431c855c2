/** Words of 32 bits of a key: with ten million of them, two are equal by chance once in 10^15 files. */
const KEY_WORDS = 3;
const KEY_BYTES = 4 * KEY_WORDS;

/** Each segment grows by itself, so that no more than a thousandth of all keys is ever there twice. */
const SEGMENTS = 1024;
const FIRST_SLOTS = 16;
const GROWTH = 1.25;
const FULLEST = 0.9;

const FIRST_ADDED_BYTES = 1024 * KEY_BYTES;

/** The device tokens that a campaign knows already: keys of 12 bytes in tables that are 72 to 90 % full. */
export interface TokenSet {
  readonly size: number;
  /** Whether the key was not there before; it is there now. A key is a fingerprint, one character a byte. */
  add(fingerprint: string): boolean;
  /** The keys that were added since this was asked last, 12 bytes each. */
  takeAdded(): Uint8Array;
  /** Adds keys as `takeAdded` gave them; they do not count as added. */
  addTaken(keys: Uint8Array): void;
}

export function tokenSet(): TokenSet {
  const segments = Array.from({ length: SEGMENTS }, emptySegment);
  let added = new Uint8Array(FIRST_ADDED_BYTES);
  let addedBytes = 0;
  let size = 0;
  const insert = (first: number, second: number, last: number) => {
    // A slot whose last word is zero is empty.
    const third = (last | 1) >>> 0;
    const isNew = insertInto(segments[first % SEGMENTS] as Segment, first, second, third);
    if (isNew) size += 1;
    return isNew;
  };
  return {
    get size() {
      return size;
    },
    add(fingerprint) {
      const first = wordAt(fingerprint, 0);
      const second = wordAt(fingerprint, 4);
      const isNew = insert(first, second, wordAt(fingerprint, 8));
      if (!isNew) return false;
      if (addedBytes === added.length) added = grown(added);
      for (let index = 0; index < KEY_BYTES; index += 1) added[addedBytes + index] = fingerprint.charCodeAt(index);
      addedBytes += KEY_BYTES;
      return true;
    },
    takeAdded() {
      const taken = added.slice(0, addedBytes);
      addedBytes = 0;
      return taken;
    },
    addTaken(keys) {
      const view = new DataView(keys.buffer, keys.byteOffset, keys.byteLength);
      for (let offset = 0; offset + KEY_BYTES <= keys.byteLength; offset += KEY_BYTES) {
        insert(view.getUint32(offset), view.getUint32(offset + 4), view.getUint32(offset + 8));
      }
    },
  };
}

function grown(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const twice = new Uint8Array(bytes.length * 2);
  twice.set(bytes);
  return twice;
}

/** Open addressing: a key stands in its own slot, or in the first free one after it. */
interface Segment {
  words: Uint32Array;
  used: number;
}

function emptySegment(): Segment {
  return { words: new Uint32Array(FIRST_SLOTS * KEY_WORDS), used: 0 };
}

// Numbers, not a key object: of those there would be millions.
function insertInto(segment: Segment, first: number, second: number, third: number): boolean {
  if (!insertKey(segment.words, first, second, third)) return false;
  segment.used += 1;
  const slots = segment.words.length / KEY_WORDS;
  if (segment.used > slots * FULLEST) {
    const larger = new Uint32Array(Math.ceil(slots * GROWTH) * KEY_WORDS);
    const { words } = segment;
    for (let at = 0; at < words.length; at += KEY_WORDS) {
      const last = words[at + 2] as number;
      if (last !== 0) insertKey(larger, words[at] as number, words[at + 1] as number, last);
    }
    segment.words = larger;
  }
  return true;
}

function insertKey(words: Uint32Array, first: number, second: number, third: number): boolean {
  const slots = words.length / KEY_WORDS;
  for (let slot = second % slots; ; slot = slot + 1 === slots ? 0 : slot + 1) {
    const at = slot * KEY_WORDS;
    if (words[at + 2] === 0) {
      words[at] = first;
      words[at + 1] = second;
      words[at + 2] = third;
      return true;
    }
    if (words[at] === first && words[at + 1] === second && words[at + 2] === third) return false;
  }
}

function wordAt(fingerprint: string, index: number): number {
  return (
    ((fingerprint.charCodeAt(index) << 24) |
      (fingerprint.charCodeAt(index + 1) << 16) |
      (fingerprint.charCodeAt(index + 2) << 8) |
      fingerprint.charCodeAt(index + 3)) >>>
    0
  );
}

/** Words of 32 bits of a key: with ten million of them, two are equal by chance once in 10^15 files. */
const KEY_WORDS = 3;

/** Each segment grows by itself, so that no more than a thousandth of all keys is ever there twice. */
const SEGMENTS = 1024;
const FIRST_SLOTS = 16;
const GROWTH = 1.5;
const FULLEST = 0.9;

const FIRST_ADDED = 1024;

/** The device tokens that a campaign knows already: keys of 12 bytes in tables that are three quarters full: 16 bytes each. */
export interface TokenSet {
  readonly size: number;
  /** Whether the key was not there before; it is there now. A key is a fingerprint, one character a byte. */
  add(fingerprint: string): boolean;
  /** The keys that were added since this was asked last, 12 bytes each. */
  takeAdded(): Uint8Array;
  /** Adds keys as `takeAdded` gave them on a machine of this kind; they do not count as added. */
  addTaken(keys: Uint8Array): void;
}

export function tokenSet(): TokenSet {
  const segments = Array.from({ length: SEGMENTS }, (_, number) => emptySegment(number));
  let added = new Uint32Array(FIRST_ADDED * KEY_WORDS);
  let addedWords = 0;
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
      const third = wordAt(fingerprint, 8);
      if (!insert(first, second, third)) return false;
      if (addedWords === added.length) added = grown(added);
      added[addedWords] = first;
      added[addedWords + 1] = second;
      added[addedWords + 2] = third;
      addedWords += KEY_WORDS;
      return true;
    },
    takeAdded() {
      const taken = new Uint8Array(added.slice(0, addedWords).buffer);
      addedWords = 0;
      return taken;
    },
    addTaken(keys) {
      // A copy of its own: words begin at every fourth byte only, and a small file lies anywhere in a larger buffer.
      const words = new Uint32Array(new Uint8Array(keys).buffer);
      for (let at = 0; at < words.length; at += KEY_WORDS) {
        insert(words[at] as number, words[at + 1] as number, words[at + 2] as number);
      }
    },
  };
}

function grown(words: Uint32Array): Uint32Array<ArrayBuffer> {
  const twice = new Uint32Array(words.length * 2);
  twice.set(words);
  return twice;
}

/** Open addressing: a key stands in its own slot, or in the first free one after it. */
interface Segment {
  words: Uint32Array;
  used: number;
}

/** Segments begin with unlike sizes, so that they do not all grow at once: together they are always as full. */
function emptySegment(number: number): Segment {
  const slots = Math.round(FIRST_SLOTS * GROWTH ** (number / SEGMENTS));
  return { words: new Uint32Array(slots * KEY_WORDS), used: 0 };
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

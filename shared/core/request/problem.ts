/** One thing that is wrong with a record's body. Neither part quotes a device token or a text of the message. */
export interface Problem {
  /**
   * Where, as one would write it in code: `MessageRequest.MessageConfiguration.GCMMessage.Titel`. An address is its
   * number in the request, from 1, and the short hash of its device token: `Addresses[#17 3fa9c1d2e4b5]`. A name that
   * may be a secret is its short hash. `body` is the whole body.
   */
  readonly path: string;
  /** What is wrong and what to do, as the end of a sentence that begins with the path. */
  readonly message: string;
}

/** Where something stands, written out only when it has to be shown. */
export type Path = () => string;

/** The problems of one body, as they are found. */
export interface Findings {
  readonly problems: readonly Problem[];
  /** Short hash of a text that must not be shown; absent where nobody reads what is found. */
  readonly shortHash?: (text: string) => string;
  /** Whether no payload of the body can be too large, so that none has to be measured. */
  readonly isSmall?: boolean;
  add(path: Path, message: string): void;
}

export function startFindings(shortHash: (text: string) => string): Findings {
  const problems: Problem[] = [];
  return { problems, shortHash, add: (path, message) => problems.push({ path: path() || "body", message }) };
}

/**
 * For a first look: tells whether there are problems, and not where. Nearly every body is without, and to keep track of
 * where one is in it takes longer than to look at what is there.
 */
export class Glance implements Findings {
  readonly problems: readonly Problem[] = NO_PROBLEMS;
  readonly isSmall: boolean;
  isClean = true;

  constructor(isSmall: boolean) {
    this.isSmall = isSmall;
  }

  add(): void {
    this.isClean = false;
  }
}

const NO_PROBLEMS: readonly Problem[] = [];

/** Where a glance looks. */
export const ANYWHERE: Path = () => "";

/** The path of a field or of an entry under `name`. */
export function below(path: Path, name: string, { shortHash }: Findings): Path {
  if (shortHash === undefined) return path;
  return () => {
    if (!isPresentable(name)) {
      return `${path()}[${shortHash(name)}]`;
    }
    const parent = path();
    return parent === "" ? name : `${parent}.${name}`;
  };
}

/** The path of an address: the `number`th entry, whose device token is shown as its short hash. */
export function belowNumber(path: Path, number: number, identity: string, { shortHash }: Findings): Path {
  return shortHash === undefined ? path : () => `${path()}[#${number} ${shortHash(identity)}]`;
}

/**
 * Whether a name that a producer made up may be shown. One that is short and made like an identifier is; a device token
 * that strayed to where a field's name belongs is longer, begins with a digit or has other characters.
 */
export function isPresentable(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_.-]{0,39}$/.test(name);
}

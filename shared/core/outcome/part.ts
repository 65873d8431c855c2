/**
 * The names under which the addresses of a request are accounted for.
 *
 * A request is sent in slices, and what became of a slice is written down once, under the request and the slice's part.
 * A record that arrives with a part whose result is known is a repeat, and nothing is sent. So a name keeps two
 * promises: the same addresses on their way to the same call have the same name, however often a record carries them
 * to a queue; and other addresses, or a further call to the same ones, have another.
 *
 * A slice that was not sent keeps its name when it comes back whole. What is left of a slice after its call is named
 * after the slice and after what happened to it, one step for each time:
 *
 * ```text
 * 3                the fourth slice of a request
 * 3.1              of it, what is tried again as attempt 1
 * 3.0              of it, what was throttled: once more, still attempt 0
 * 3.0_2   3.0_3    of that, the same the second and the third time
 * 3.0_3.1          of that, what is tried again as attempt 1
 * 3-credential     of the slice, what waits for its channel to have a valid credential
 * 3-0   3-1        of the slice, the halves of what is too large for one record
 * 3.1~8f14e45fceea of that, what was redriven from a dead-letter queue, by the hash of its dead letter
 * 3--0cc175b9c0f1  of the slice, what came a way that is too long to be written
 * ```
 *
 * The steps are a path in a tree, and a path has one spelling. A step that is repeated is counted and not written
 * again, so that names stay readable however long an address is throttled or held. An address that is throttled and held
 * by turns for days has a path that is longer than a name may be: its hash then stands in its place, and the path goes
 * on from there.
 *
 * Names follow from the record's own part and nothing else: whoever repeats the effects of a result, wherever, comes to
 * the same names. All that leaves a slice by one step has to leave in one record, because two would share a name.
 */

/** Of a text, wide enough that no two paths of one slice meet; of letters, digits and `.~_-` only. */
export type PartHash = (text: string) => string;

/** An account is paid for by its size, its name included. */
const MOST_CHARACTERS = 128;

/** The part of what is tried again as `attempt`: the next one, or the same one where the attempt does not count. */
export function retryPart(part: string, attempt: number, hash: PartHash): string {
  return withStep(part, `.${attempt}`, hash);
}

/** The part of what is left of a slice and put back for a reason. */
export function putBackPart(part: string, because: string, hash: PartHash): string {
  return withStep(part, `-${because}`, hash);
}

/** The part of one half of what is too large for one record. */
export function halfPart(part: string, half: 0 | 1, hash: PartHash): string {
  return withStep(part, `-${half}`, hash);
}

/**
 * The part of what is redriven from a dead-letter queue, of a request without parts as well.
 *
 * @param letter tells one dead letter of a part from another, and is the same however often it is read
 */
export function redrivePart(part: string | undefined, letter: string, hash: PartHash): string {
  return withStep(part ?? "", `~${letter}`, hash);
}

/**
 * The part that a record names, whatever it names: a text that is too long for a name, or has characters that no step
 * has, goes by its hash. To take it for absent would be to take the record for the whole request, which was answered.
 */
export function partNamed(text: string, hash: PartHash): string {
  if (text.length <= MOST_CHARACTERS && /^[A-Za-z0-9.~_-]+$/.test(text)) return text;
  // No step begins with two hyphens.
  return `${/^\d{0,9}/.exec(text)}--${hash(text)}`;
}

function withStep(part: string, step: string, hash: PartHash): string {
  const [, path = part, times = "1"] = /^(.*)_(\d+)$/.exec(part) ?? [];
  return partNamed(path.endsWith(step) ? `${path}_${Number(times) + 1}` : `${part}${step}`, hash);
}

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
 * 3.1~1            what was redriven from a dead-letter queue
 * ```
 *
 * The steps are a path in a tree, and a path has one spelling. A step that is repeated is counted and not written
 * again, so that names stay short however long an address is throttled or held. They follow from the record's own part
 * and nothing else: whoever repeats the effects of a result, wherever, comes to the same names. All that leaves a slice
 * by one step has to leave in one record, because two would share a name.
 */

/** The part of what is tried again as `attempt`: the next one, or the same one where the attempt does not count. */
export function retryPart(part: string, attempt: number): string {
  return withStep(part, `.${attempt}`);
}

/** The part of what is left of a slice and put back for a reason. */
export function putBackPart(part: string, because: string): string {
  return withStep(part, `-${because}`);
}

/** The part of one half of what is too large for one record. */
export function halfPart(part: string, half: 0 | 1): string {
  return withStep(part, `-${half}`);
}

function withStep(part: string, step: string): string {
  const [, path = part, times = "1"] = /^(.*)_(\d+)$/.exec(part) ?? [];
  return path.endsWith(step) ? `${path}_${Number(times) + 1}` : `${part}${step}`;
}

/** Something that must travel whole. */
export interface Parcel {
  /** From 1 to the capacity of a box. */
  readonly weight: number;
  /** No two parcels with a device in common share a box. */
  readonly devices: readonly string[];
}

/**
 * Puts parcels into as few boxes as a single pass can: the heaviest first, each where least room remains. Before that,
 * parcels with a device in common are dealt out in turn to boxes of their own. When all weigh 1 this takes the fewest
 * boxes there can be, and ten thousand parcels for one device take no longer than for ten thousand. The same parcels
 * always come into the same boxes.
 */
export function pack<P extends Parcel>(parcels: readonly P[], capacity: number): P[][] {
  // Where nothing is alike, there are thousands of these.
  if (parcels.length === 1) return [[...parcels]];
  const demand = demandOf(parcels);
  // Nearly always: no device is wanted twice.
  if (demand.size === 0) return parcelsOf(fillUp(parcels, [], capacity));
  const contested = parcels.filter((parcel) => demandFor(parcel, demand) > 1);
  const others = parcels.filter((parcel) => demandFor(parcel, demand) === 1);
  return parcelsOf(fillUp(others, dealOut(contested, { demand, capacity }), capacity));
}

function parcelsOf<P>(boxes: readonly Box<P>[]): P[][] {
  return boxes.filter(({ parcels }) => parcels.length > 0).map(({ parcels }) => parcels);
}

interface Box<P> {
  readonly parcels: P[];
  /** Those of contested parcels. */
  readonly devices: Set<string>;
  room: number;
}

function openBox<P>(capacity: number): Box<P> {
  return { parcels: [], devices: new Set(), room: capacity };
}

function put<P extends Parcel>(parcel: P, box: Box<P>): void {
  box.parcels.push(parcel);
  box.room -= parcel.weight;
}

/** How many parcels are for each device, where there are several. */
function demandOf(parcels: readonly Parcel[]): ReadonlyMap<string, number> {
  const wanted = new Set<string>();
  const demand = new Map<string, number>();
  for (const { devices } of parcels) {
    for (const device of devices) {
      if (wanted.has(device)) demand.set(device, (demand.get(device) ?? 1) + 1);
      else wanted.add(device);
    }
  }
  return demand;
}

/** How many parcels are for that device of `parcel` that has most. */
function demandFor({ devices }: Parcel, demand: ReadonlyMap<string, number>): number {
  let most = 1;
  for (const device of devices) most = Math.max(most, demand.get(device) ?? 1);
  return most;
}

/** Parcels for the same device in a row, each in the row of its most wanted one. */
function inRows<P extends Parcel>(parcels: readonly P[], demand: ReadonlyMap<string, number>): P[] {
  const rows = Map.groupBy(parcels, (parcel) => {
    const most = demandFor(parcel, demand);
    return parcel.devices.find((device) => demand.get(device) === most);
  });
  return [...rows.values()].flat();
}

/** Parcels in a row come into boxes in a row: as long as these are no fewer, no two of them meet. */
function dealOut<P extends Parcel>(
  contested: readonly P[],
  { demand, capacity }: { readonly demand: ReadonlyMap<string, number>; readonly capacity: number },
): Box<P>[] {
  let [weight, most] = [0, 0];
  for (const parcel of contested) {
    weight += parcel.weight;
    most = Math.max(most, demandFor(parcel, demand));
  }
  const boxes = Array.from({ length: Math.max(most, Math.ceil(weight / capacity)) }, (): Box<P> => openBox(capacity));
  let turn = 0;
  for (const parcel of heaviestFirst(inRows(contested, demand))) {
    const index = firstWelcome(parcel, boxes, turn);
    const box = boxes[index] ?? openBox(capacity);
    boxes[index] = box;
    put(parcel, box);
    for (const device of parcel.devices) box.devices.add(device);
    turn = index + 1;
  }
  return boxes;
}

/** Boxes that are looked into for one parcel: bounds the time where devices overlap in every way. */
const MOST_LOOKS = 64;

/** The first box from `turn` on, in turn, that may take the parcel; the next new one where none is found. */
function firstWelcome<P extends Parcel>(parcel: P, boxes: readonly Box<P>[], turn: number): number {
  for (let look = 0; look < Math.min(MOST_LOOKS, boxes.length); look++) {
    const index = (turn + look) % boxes.length;
    const box = boxes[index];
    if (box !== undefined && isWelcome(parcel, box)) return index;
  }
  return boxes.length;
}

function isWelcome<P extends Parcel>({ weight, devices }: P, box: Box<P>): boolean {
  return box.room >= weight && !devices.some((device) => box.devices.has(device));
}

/** The boxes, with more parcels in them, and with more boxes where there is no room left. */
function fillUp<P extends Parcel>(parcels: readonly P[], boxes: Box<P>[], capacity: number): Box<P>[] {
  /** By the room that is left; the first box is the last of its list, to be taken next. */
  const byRoom = Array.from({ length: capacity + 1 }, (): Box<P>[] => []);
  for (const box of boxes.toReversed()) byRoom[box.room]?.push(box);
  for (const parcel of heaviestFirst(parcels)) {
    let room = parcel.weight;
    while (room < capacity && byRoom[room]?.length === 0) room++;
    let box = byRoom[room]?.pop();
    if (box === undefined) {
      box = openBox(capacity);
      boxes.push(box);
    }
    put(parcel, box);
    byRoom[box.room]?.push(box);
  }
  return boxes;
}

/** Stable: among equals the order given. */
function heaviestFirst<P extends Parcel>(parcels: readonly P[]): readonly P[] {
  return parcels.toSorted(byWeight);
}

function byWeight(a: Parcel, b: Parcel): number {
  return b.weight - a.weight;
}

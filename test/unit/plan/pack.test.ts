import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Parcel, pack } from "../../../shared/core/plan/pack.ts";

const CAPACITY = 10;

const parcel = (weight: number, ...devices: string[]): Parcel => ({ weight, devices });

const boxesOf = (weights: readonly number[]) =>
  pack(
    weights.map((weight, index) => parcel(weight, `device ${index}`)),
    CAPACITY,
  ).map((box) => box.map(({ weight }) => weight));

const anyParcel = fc
  .record({
    weight: fc.integer({ min: 1, max: CAPACITY }),
    devices: fc.uniqueArray(fc.nat(12), { minLength: 1, maxLength: 3 }),
  })
  .map(({ weight, devices }) => parcel(weight, ...devices.map(String)));

const total = (parcels: readonly Parcel[]) => parcels.reduce((sum, { weight }) => sum + weight, 0);

const mostForOneDevice = (parcels: readonly Parcel[]) =>
  Math.max(
    ...Map.groupBy(
      parcels.flatMap(({ devices }) => devices),
      (device) => device,
    )
      .values()
      .map(({ length }) => length),
  );

describe("pack", () => {
  it.each([
    { weights: [10, 10], boxes: [[10], [10]] },
    {
      weights: [4, 6, 5, 5],
      boxes: [
        [6, 4],
        [5, 5],
      ],
    },
    {
      weights: [1, 1, 1, 9, 7],
      boxes: [
        [9, 1],
        [7, 1, 1],
      ],
    },
    { weights: [6, 6, 6], boxes: [[6], [6], [6]] },
    { weights: [], boxes: [] },
  ])("$weights in boxes of 10: $boxes", ({ weights, boxes }) => {
    expect(boxesOf(weights)).toEqual(boxes);
  });

  it("loses nothing, overloads no box and keeps parcels for one device apart", () => {
    fc.assert(
      fc.property(fc.array(anyParcel, { maxLength: 60, size: "max" }), (parcels) => {
        const boxes = pack(parcels, CAPACITY);
        expect(new Set(boxes.flat())).toEqual(new Set(parcels));
        expect(boxes.flat().length).toBe(parcels.length);
        for (const box of boxes) {
          expect(box.length).toBeGreaterThan(0);
          expect(total(box)).toBeLessThanOrEqual(CAPACITY);
          expect(mostForOneDevice(box)).toBe(1);
        }
      }),
    );
  });

  it("takes the fewest boxes there can be when all weigh 1, however often devices repeat", () => {
    const devices = fc.array(fc.nat(6), { minLength: 1, maxLength: 20, size: "max" });
    fc.assert(
      fc.property(devices, fc.integer({ min: 1, max: 4 }), (repeating, capacity) => {
        const parcels = repeating.map((device) => parcel(1, String(device)));
        const fewest = Math.max(Math.ceil(parcels.length / capacity), mostForOneDevice(parcels));
        expect(pack(parcels, capacity).length).toBe(fewest);
      }),
      { numRuns: 1_000 },
    );
  });

  it("looks further where the next box in turn has no room", () => {
    const twice = (weight: number, device: string) => [parcel(weight, device), parcel(weight, device)];
    expect(pack([...twice(8, "a"), ...twice(5, "b"), ...twice(5, "c"), ...twice(2, "d")], CAPACITY).length).toBe(4);
  });

  it("leaves no two boxes half empty where no device repeats", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: CAPACITY }), { maxLength: 100, size: "max" }), (weights) => {
        const loads = boxesOf(weights).map((box) => box.reduce((sum, weight) => sum + weight, 0));
        expect(loads.filter((load) => load <= CAPACITY / 2).length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("does not spread contested parcels over boxes that others need whole", () => {
    const whole = Array.from({ length: 10 }, (_, index) => parcel(10, `whole ${index}`));
    const twice = ["a", "b", "c", "d", "e"].flatMap((device) => [parcel(1, device), parcel(1, device)]);
    expect(pack([...whole, ...twice], CAPACITY).length).toBe(12);
  });

  it("takes time in proportion to the parcels, even if all are for one device", () => {
    const parcels = Array.from({ length: 50_000 }, () => parcel(1, "device"));
    expect(pack(parcels, CAPACITY).length).toBe(50_000);
  }, 5_000);

  it("keeps the order of parcels that are alike", () => {
    const parcels = Array.from({ length: 25 }, (_, index) => parcel(1, `device ${index}`));
    expect(pack(parcels, CAPACITY).flat()).toEqual(parcels);
  });
});

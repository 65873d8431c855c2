/** A seeded source of chance (sfc32): the same seed, the same run. */
export function seeded(seed: number): Chance {
  let a = 0x9e3779b9 ^ seed;
  let b = (0x243f6a88 + seed * 7919) | 0;
  let c = 0xb7e15162 ^ (seed << 7);
  let counter = 1;
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 4_294_967_296;
  };
  for (let i = 0; i < 20; i++) next();
  return {
    next,
    between: (least, most) => least + (most - least) * next(),
    exponential: (mean) => -mean * Math.log(1 - next()),
  };
}

export interface Chance {
  /** In [0, 1). */
  next(): number;
  between(least: number, most: number): number;
  exponential(mean: number): number;
}

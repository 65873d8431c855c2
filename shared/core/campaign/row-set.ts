/** Numbers of rows, in an eighth of a byte for each row of the file. */
export interface RowSet {
  add(row: number): void;
  has(row: number): boolean;
  readonly size: number;
}

const FEW_BYTES = 1_024;

export function rowSet(): RowSet {
  let bits = new Uint8Array(FEW_BYTES);
  let size = 0;
  const has = (row: number) => ((bits[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
  return {
    has,
    get size() {
      return size;
    },
    add(row) {
      if (has(row)) return;
      size += 1;
      const index = row >> 3;
      if (index >= bits.length) {
        const larger = new Uint8Array(Math.max(2 * bits.length, index + 1));
        larger.set(bits);
        bits = larger;
      }
      bits[index] = (bits[index] ?? 0) | (1 << (row & 7));
    },
  };
}

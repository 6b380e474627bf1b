/**
 * Sizes as the program writes them: in binary units everywhere, 1 MiB = 2^20 bytes.
 * @module
 */

/** Bytes in the largest binary unit of which there is at least one: 107520 → "105 KiB". */
export function formatBytes(value: number): string {
  const unit = Math.min(3, Math.floor(Math.log2(Math.max(1, value)) / 10));
  const amount = value / 1024 ** unit;
  return `${unit > 0 && amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${["B", "KiB", "MiB", "GiB"][unit]}`;
}

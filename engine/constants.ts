/**
 * Constants that code of others must not make while it is traced: they would be neither parameters nor weights, and be
 * missing from what is counted and checked.
 * @module
 */

/** What refuses constants at present. */
let refusal: ((shape: readonly number[]) => string) | undefined;

/**
 * Runs a part of a program that must make no constant tensor of several values; one of the same value throughout, such as
 * zeros, is none of these.
 * @param message for a constant of a shape
 * @throws {Error} with the message, if it is being traced and makes such a constant
 */
export function withoutConstants<T>(message: (shape: readonly number[]) => string, work: () => T): T {
  const before = refusal;
  refusal = message;
  try {
    return work();
  } finally {
    refusal = before;
  }
}

/** Called with every constant of a trace. @throws {Error} if what is traced must make none of several values */
export function checkConstant(values: ArrayLike<unknown>, shape: readonly number[]): void {
  if (refusal && Array.prototype.some.call(values, (value) => !Object.is(value, values[0]))) {
    throw new Error(refusal(shape));
  }
}

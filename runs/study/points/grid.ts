/**
 * Grids of a study: several values in the place of one, each of which makes points of its own.
 * @module
 */
/** Values of an option, each for points of its own: {"grid": [1, 4, 16]}. */
export interface Grid<T = unknown> {
  /** The values, which differ. */
  grid: T[];
}

/** An object of which every value may be a grid. */
export type WithGrids<T> = { [K in keyof T]: T[K] | Grid<Exclude<T[K], undefined>> };

/** Whether a value is meant as a grid. */
export function isGrid(value: unknown): value is Grid {
  return value !== null && typeof value === "object" && Object.hasOwn(value, "grid");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** The values that a value with grids stands for: every combination of the grids' values, the last grid fastest. */
export function pointsOf(value: unknown): unknown[] {
  if (isGrid(value)) return value.grid;
  if (!isObject(value)) return [value];
  return Object.entries(value).reduce<Record<string, unknown>[]>((points, [key, inner]) => {
    const values = pointsOf(inner);
    return points.flatMap((point) => values.map((value) => ({ ...point, [key]: value })));
  }, [{}]);
}

/** The number of {@linkcode pointsOf}, without making them. */
export function countPoints(value: unknown): number {
  if (isGrid(value)) return value.grid.length;
  if (!isObject(value)) return 1;
  return Object.values(value).reduce<number>((product, inner) => product * countPoints(inner), 1);
}

/**
 * The schema of study files.
 * @module
 */
import { z } from "zod";
import type { Exclusion } from "./exclude.ts";
import { type Grid, isGrid, type WithGrids } from "./grid.ts";
import type { MethodEntry } from "./method-entry.ts";
import { canonical, dataShape, type DataSpec, trainingShape, type TrainingSpec } from "./spec.ts";
import type { Study } from "./study.ts";

/** Schema of a grid of such values. */
function gridSchema<T>(value: z.ZodType<T>): z.ZodType<Grid<T>> {
  const isForm = ({ code }: z.core.$ZodRawIssue) => code === "invalid_type" ? 'must be {"grid": [values]}' : undefined;
  const differ = (values: readonly T[]) => new Set(values.map(canonical)).size === values.length;
  const values = z.array(value).min(1).refine(differ, { error: "must have no value twice" });
  return z.strictObject({ grid: values }, { error: isForm });
}

/** Schema of an object of which every value may be left out or a grid. */
function withGridsSchema<T extends object>(
  shape: { [K in keyof T]-?: z.ZodType<T[K]> },
): z.ZodType<WithGrids<Partial<T>>> {
  const values = Object.entries(shape as Record<string, z.ZodType>);
  const either = values.map(([key, value]) => [key, z.union([value, gridSchema(value)]).optional()]);
  return z.strictObject(Object.fromEntries(either)) as unknown as z.ZodType<WithGrids<Partial<T>>>;
}

/** Schema of a value that other schemas check later, and of grids of such values. */
const optionSchema: z.ZodType<unknown> = z.unknown().superRefine((value, { addIssue }) => {
  const grid = isGrid(value) ? gridSchema(z.unknown()).safeParse(value) : undefined;
  for (const issue of grid?.error?.issues ?? []) addIssue({ ...issue } as z.core.$ZodRawIssue);
});

/** Schema of {@linkcode MethodEntry}. */
const methodSchema: z.ZodType<MethodEntry> = z.union(
  [z.string(), z.record(z.string(), z.record(z.string(), optionSchema))],
  { error: 'must be a name or {"name": {options}}' },
).refine((entry) => typeof entry === "string" || Object.keys(entry).length > 0, {
  error: 'must be a name or {"name": {options}}',
});

/** Schema of {@linkcode Exclusion}. */
const exclusionSchema: z.ZodType<Exclusion> = z.strictObject({
  model: z.string().optional(),
  task: z.string().optional(),
  method: methodSchema.optional(),
  data: z.strictObject(dataShape).partial().optional(),
  training: z.strictObject(trainingShape).partial().optional(),
}).refine((exclusion) => Object.keys(exclusion).length > 0, {
  error: "must say which cells: by model, task, method, data or training",
});

const names = z.array(z.string()).min(1);

/** What a study.json may say. */
export type StudyFile = Partial<Omit<Study, "data">> & { data?: Partial<Study["data"]> };

/** Schema of {@linkcode StudyFile}; unknown keys are errors. */
export const fileSchema: z.ZodType<StudyFile> = z.strictObject({
  models: names.optional(),
  tasks: names.optional(),
  methods: z.array(methodSchema).optional(),
  seeds: z.array(z.int().nonnegative()).min(1).optional(),
  data: withGridsSchema<DataSpec>(dataShape).optional(),
  taskFiles: z.string().optional(),
  from: z.string().optional(),
  device: z.string().optional(),
  precision: z.string().optional(),
  memory: z.literal("small", { error: "must be small" }).optional(),
  training: withGridsSchema<TrainingSpec>(trainingShape).optional(),
  exclude: z.array(exclusionSchema).optional(),
}).refine(({ methods, from }) => methods?.length !== 0 || from !== undefined, {
  path: ["methods"],
  error: "must not be empty, unless from names an adapter",
});

/**
 * The schema of study files.
 * @module
 */
import { z } from "zod";
import { descriptionSchema } from "../../tasks/described/schema.ts";
import type { Exclusion } from "./points/exclude.ts";
import { type Grid, isGrid, type WithGrids } from "./points/grid.ts";
import type { MethodEntry } from "./points/method-entry.ts";
import { canonical, dataShape, type DataSpec, trainingShape, type TrainingSpec } from "./spec.ts";
import type { Study } from "./study.ts";
import { studyHeadSchema } from "./schemas/head-schema.ts";
import { tuningSchema } from "./schemas/tuning-schema.ts";

/** Schema of a grid of such values. */
function gridSchema<T>(value: z.ZodType<T>): z.ZodType<Grid<T>> {
  const isForm = ({ code }: z.core.$ZodRawIssue) => code === "invalid_type" ? 'must be {"grid": [values]}' : undefined;
  const differ = (values: readonly T[]) => new Set(values.map(canonical)).size === values.length;
  const values = z.array(value).min(1).refine(differ, { error: "must have no value twice" })
    .meta({ uniqueItems: true });
  return z.strictObject({ grid: values }, { error: isForm });
}

/** Schemas of values each of which may be a grid. */
function withGrids<T extends object>(
  shape: { [K in keyof T]-?: z.ZodType<T[K]> },
): { [K in keyof T]-?: z.ZodType<WithGrids<T>[K]> } {
  const values = Object.entries(shape as Record<string, z.ZodType>);
  const either = values.map(([key, value]) => [key, z.union([value, gridSchema(value)])]);
  return Object.fromEntries(either);
}

/** Schema of a value that other schemas check later, and of grids of such values. */
const optionSchema: z.ZodType<unknown> = z.unknown().superRefine((value, { addIssue }) => {
  const grid = isGrid(value) ? gridSchema(z.unknown()).safeParse(value) : undefined;
  for (const issue of grid?.error?.issues ?? []) addIssue({ ...issue } as z.core.$ZodRawIssue);
}).meta({
  if: { type: "object", properties: { grid: true }, required: ["grid"] },
  then: {
    type: "object",
    properties: { grid: { type: "array", minItems: 1, uniqueItems: true } },
    additionalProperties: false,
  },
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

/** What files of studies and presets say. */
const shape = {
  $schema: z.string().describe("path or address of this schema, for editors; it is not read").optional(),
  description: z.string().describe("what it compares, for readers").optional(),
  // A preset may leave it to its user.
  models: z.array(z.string()).describe("names of models, one at least"),
  tasks: z.array(z.union([z.string(), descriptionSchema], { error: "must be a name, a path or a description" })).min(1)
    .describe("names of tasks, paths of descriptions, or descriptions"),
  methods: z.array(methodSchema)
    .describe("methods: a name, or an object with options; an object with two keys joins two methods"),
  seeds: z.array(z.int().nonnegative()).min(1).describe("list of seeds"),
  data: z.strictObject(withGrids<DataSpec>(dataShape)).partial()
    .describe("numbers of examples: train, validation and test; or perClass and, where not all are to be tested, test"),
  taskFiles: z.string().describe("folder of the files that a task asks for").optional(),
  from: z.string().describe("folder of an adapter that training starts from").optional(),
  head: studyHeadSchema.describe("language-model: its own head answers, by words for the labels").optional(),
  device: z.string().describe("name of a device"),
  precision: z.string().describe("float32 or int8").optional(),
  memory: z.literal("small", { error: "must be small" }).describe("less memory at less speed").optional(),
  training: z.strictObject(withGrids<TrainingSpec>({ ...trainingShape, epochs: z.int().positive() })).partial()
    .describe("what differs from the defaults of training"),
  exclude: z.array(exclusionSchema).describe("cells that are left out").optional(),
  tuning: tuningSchema.describe("every method is tuned, for each seed anew").optional(),
  plugins: names.describe(
    "paths of plug-ins, from the folder of this file: files that define methods, tasks and models",
  )
    .optional(),
  trial: z.literal(true, { error: "must be true" })
    .describe("score on the validation examples alone, and read no test example").optional(),
};

/** What only readers and editors look at. */
interface Remarks {
  $schema?: string;
  description?: string;
}

/** What a study.json may say; what it leaves out is as in another study. */
export type StudyFile = Remarks & Partial<Study>;

/** Schema of {@linkcode StudyFile}; unknown keys are errors. */
export const fileSchema: z.ZodType<StudyFile> = z.strictObject(shape).partial()
  .refine(
    ({ methods, from }) => methods?.length !== 0 || from !== undefined,
    { path: ["methods"], error: "must not be empty, unless from names an adapter" },
  );

/** Schema of a preset's file, which leaves out nothing that a study must have, and says what it is. */
export const presetSchema: z.ZodType<Study & Remarks & { description: string }> = z.strictObject({
  ...shape,
  description: z.string(),
});

/** The JSON Schema of study files, for editors. */
export function studyJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(fileSchema, { io: "input" });
  // Two words that editors know besides the standard.
  return { title: "A study of TuneBench", ...schema, allowComments: true, allowTrailingCommas: true };
}

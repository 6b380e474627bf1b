/**
 * What is known of methods, tasks and models, as plain values.
 * @module
 */
import type { Method } from "../../methods/types.ts";
import type { Model } from "../../models/types.ts";
import type { AnyTask } from "../../tasks/types.ts";
import type { Definition } from "./define.ts";

/** What is known of an entry of a table. */
export interface Listed {
  /** Its name. */
  name: string;
  /** What it is, in one line. */
  description: string;
  /** Anything else that is known of it. */
  [key: string]: unknown;
}

/** What is known of a definition of a plug-in. */
export interface Provided {
  /** What it is. */
  kind: Definition["kind"];
  /** What is known of it. */
  listed: Listed;
}

/** What is known of a method. */
export function listMethod({ name, description, paper, identityAtStart, options }: Method): Listed {
  return { name, description, paper, identityAtStart, defaults: options.parse({}) };
}

/** What is known of a task. */
export function listTask({ load: _, ...rest }: AnyTask): Listed {
  return rest;
}

/** What is known of a model. */
export function listModel({ name, description, revision, licence, citation }: Model): Listed {
  return { name, description, revision, licence, citation };
}

/** What is known of a definition. */
export function providedBy({ kind, entry }: Definition): Provided {
  switch (kind) {
    case "method":
      return { kind, listed: listMethod(entry) };
    case "task":
      return { kind, listed: listTask(entry) };
    case "model":
      return { kind, listed: listModel(entry) };
  }
}

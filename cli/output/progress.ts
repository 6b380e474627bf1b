/**
 * Shows the progress of a bench.
 * @module
 */
import { counted, shownMessage, visible } from "../../base/errors.ts";
import type { BenchEvent } from "../../runs/launch/events.ts";
import type { Cell } from "../../runs/study/cell.ts";
import { titlesOf } from "../../runs/study/labels.ts";

/** Where progress is shown. */
export interface Screen {
  /** Whether lines can be redrawn. */
  redraws: boolean;
  /** Width in characters. */
  columns(): number;
  /** Writes text. */
  write(text: string): void;
  /** Seconds since some fixed moment. */
  now(): number;
}

/** Standard error: redrawn on a terminal unless NO_COLOR is set, plain lines elsewhere. */
export function standardError(): Screen {
  return {
    redraws: Deno.stderr.isTerminal() && !Deno.env.get("NO_COLOR"),
    // Some pseudo-terminals report a width of 0.
    columns: () => Deno.consoleSize().columns || 80,
    write: (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)),
    now: () => performance.now() / 1000,
  };
}

/** Least seconds between two drawings. */
const REDRAW_EVERY = 0.1;

/** Lines that stay, and below them on a terminal lines that are drawn again. */
function linesOn(screen: Screen) {
  let drawn = 0;
  let drawnAt = -Infinity;
  const erase = () => {
    if (drawn > 0) screen.write(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  };
  return {
    erase,
    write: (text: string) => {
      erase();
      screen.write(`${shownMessage({ message: text })}\n`);
    },
    draw: (lines: readonly string[]) => {
      erase();
      const width = Math.max(20, screen.columns() - 1);
      screen.write(lines.map((line) => `${visible(line).slice(0, width)}\n`).join(""));
      drawn = lines.length;
      drawnAt = screen.now();
    },
    /** Seconds since the last drawing. */
    age: () => screen.now() - drawnAt,
  };
}

/** A cell under way; no steps while it starts. */
interface Running {
  cell: Cell;
  step: number;
  steps: number;
  loss: number;
  held?: true;
}

/** What a cell under way does, in words. */
function stageOf({ step, steps, loss, held }: Running): string {
  if (steps > 0) return `step ${step}/${steps}, loss ${loss.toFixed(3)}`;
  return held ? "waiting for memory" : "starting";
}

/**
 * A listener for the events of a bench. Each finished cell is a line that stays, with the time left. On a terminal, that and
 * the running cells are redrawn below these lines instead.
 */
export function showProgress(screen: Screen): (event: BenchEvent) => void {
  const running = new Map<string, Running>();
  const lines = linesOn(screen);
  let titles: ReadonlyMap<string, string> = new Map();
  let cells = 0;
  let recorded = 0;
  let finished = 0;
  let started = 0;

  const title = ({ id }: Cell) => titles.get(id)!;
  const timeLeft = () => {
    const partlyDone = [...running.values()].reduce((sum, { step, steps }) => sum + (steps && step / steps), 0);
    const worked = finished + partlyDone;
    if (worked === 0 || recorded + finished >= cells) return "";
    const seconds = ((screen.now() - started) * (cells - recorded - worked)) / worked;
    return `, about ${duration(seconds)} left`;
  };
  const draw = () =>
    lines.draw([
      ...[...running.values()].map((at) => `  ${title(at.cell)}: ${stageOf(at)}`),
      `${recorded + finished}/${counted(cells, "cell")}${timeLeft()}`,
    ]);
  const finish = (cell: Cell, text: string) => {
    running.delete(cell.id);
    finished++;
    lines.write(`[${recorded + finished}/${cells}] ${title(cell)}: ${text}${screen.redraws ? "" : timeLeft()}`);
  };

  return (event) => {
    switch (event.type) {
      case "cells":
        // verify trains several studies, one after the other.
        ({ cells, recorded } = event);
        finished = 0;
        titles = titlesOf(event.all);
        started = screen.now();
        lines.write(`${counted(cells, "cell")}, ${recorded} of them done before`);
        break;
      case "start":
        running.set(event.cell.id, { cell: event.cell, step: 0, steps: 0, loss: 0 });
        break;
      case "held":
        running.set(event.cell.id, { cell: event.cell, step: 0, steps: 0, loss: 0, held: true });
        break;
      case "step":
        running.set(event.cell.id, event);
        break;
      case "resumed":
        lines.write(`${title(event.cell)}: goes on after step ${event.step}`);
        break;
      case "remark":
        lines.write(`${title(event.cell)}: ${event.text}`);
        break;
      case "done":
        finish(event.cell, `${scoreIn(event)} in ${duration(event.seconds)}`);
        break;
      case "failed":
        finish(event.cell, `failed, ${event.reason}`);
        break;
      case "recorded":
        recorded++;
        lines.write(`[${recorded + finished}/${cells}] ${title(event.cell)}: recorded by another bench`);
        break;
      case "lost":
        running.delete(event.cell.id);
        lines.write(`${title(event.cell)}: taken over by another bench`);
        break;
      case "waiting":
        lines.write(`Waiting for ${counted(event.cells, "cell")} of other benches on this folder`);
    }
    if (!screen.redraws) return;
    if (running.size === 0) lines.erase();
    else if (event.type !== "step" || lines.age() >= REDRAW_EVERY) draw();
  };
}

/** "accuracy 0.950"; of a trial "validation accuracy 0.950", or that it diverged. */
function scoreIn({ cell, metric, score }: Extract<BenchEvent, { type: "done" }>): string {
  if (score === null) return "diverged";
  return `${cell.spec.trial ? "validation " : ""}${metric} ${score.toFixed(3)}`;
}

/** A duration as people write it: "4.2 s", "3 min 5 s", "2 h 10 min". */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

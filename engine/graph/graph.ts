/**
 * The form between a trace and an ONNX model: nodes with shapes that depend on batch and length. While a graph is
 * built, equal nodes become one, broadcasts are left to the operators that read them, and chains of reshapes and
 * transposes become one.
 * @module
 */
import { addDims, BATCH, type Dim, fixed, isFixed, LABELS, LENGTH, sameDim, sameShape } from "./dim.ts";

/** Element types of nodes. */
export type DataType = "float32" | "int32" | "int64" | "uint8" | "int8" | "bool";

/** A value of a graph: the output of an ONNX operator, an input, a weight or a constant. */
export interface Node {
  /** Position in the graph, after that of its inputs. */
  id: number;
  /** ONNX operator, or "input", "weight", "constant". */
  op: string;
  /** Operands in the operator's order. */
  inputs: readonly Node[];
  /** ONNX attributes; `name` of inputs and weights, and the first `row` of weights. */
  attributes: Record<string, number | string | readonly number[]>;
  /** Sizes of its axes in any call. */
  shape: readonly Dim[];
  /** Type of its entries. */
  dtype: DataType;
  /** Values of a constant. */
  values?: readonly number[];
}

/** The shape of an operation on two shapes: an axis of size 1 is repeated to the size of the other. */
function broadcast(a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? fixed(1);
    const right = b[axis - rank + b.length] ?? fixed(1);
    if (isOne(left)) return right;
    if (isOne(right) || sameDim(left, right)) return left;
    throw new Error(`Cannot trace the program: shapes [${a.join("; ")}] and [${b.join("; ")}] do not broadcast`);
  });
}

function isOne(dim: Dim): boolean {
  return sameDim(dim, fixed(1));
}

/** The value that a broadcast repeats; a node that is no broadcast itself. */
export function unexpanded(x: Node): Node {
  return x.op === "Expand" ? x.inputs[0] : x;
}

/** Whether a node is a constant whose entries are all `value`. */
export function isUniform(node: Node, value: number): boolean {
  const inner = unexpanded(node);
  return inner.op === "constant" && inner.shape.length === 0 && inner.values![0] === value;
}

/**
 * Those nodes that are weights, or follow from weights and constants alone.
 * @param nodes inputs before the nodes that read them
 */
export function frozenNodes(nodes: readonly Node[]): Set<Node> {
  const unchanging = new Set<Node>();
  const frozen = new Set<Node>();
  for (const node of nodes) {
    const { op, inputs } = node;
    const isDerived = inputs.length > 0 && inputs.every((input) => unchanging.has(input));
    if (op === "constant" || op === "weight" || isDerived) unchanging.add(node);
    if (op === "weight" || (isDerived && inputs.some((input) => frozen.has(input)))) frozen.add(node);
  }
  return frozen;
}

/**
 * Those weights, or rows of weights, that are right operands of products and of whose rows some are looked up, too: the embeddings of a
 * language model whose head is tied to them. They must stay as they are stored for the lookup, so products read them there. Laid out for
 * the processor, once for the product and once for its gradient, they would be in memory three times.
 */
export function lookedUpMatrices(nodes: readonly Node[]): Set<Node> {
  const readBy = (op: string, position: number) =>
    nodes.filter((node) => node.op === op).map(({ inputs }) => inputs[position]).filter(({ op }) => op === "weight");
  const lookedUp = new Set(readBy("Gather", 0).map(({ attributes }) => attributes.name));
  return new Set(readBy("Gemm", 1).filter(({ attributes }) => lookedUp.has(attributes.name)));
}

/** Builds a graph. */
export class Graph {
  /** Every node so far, inputs first. */
  readonly nodes: Node[] = [];
  readonly #nodesByKey = new Map<string, Node>();

  /** The node of an operator; equal calls return the same node. */
  node(
    op: string,
    inputs: readonly Node[],
    attributes: Node["attributes"],
    shape: readonly Dim[],
    dtype: DataType,
    values?: readonly number[],
  ): Node {
    const ids = inputs.map((input) => input.id).join();
    // Written as texts, 0 and -0 would be the same.
    const entries = values?.map((value) => Object.is(value, -0) ? "-0" : value);
    const key = `${op}(${ids})${JSON.stringify(attributes)}${dtype}[${shape.join("; ")}]${entries ?? ""}`;
    let node = this.#nodesByKey.get(key);
    if (!node) {
      node = { id: this.nodes.length, op, inputs, attributes, shape, dtype, values };
      this.#nodesByKey.set(key, node);
      this.nodes.push(node);
    }
    return node;
  }

  /** A tensor that each call brings. */
  input(name: string, shape: readonly Dim[], dtype: DataType): Node {
    return this.node("input", [], { name }, shape, dtype);
  }

  /** A frozen float32 weight, or so many rows of it from `row` on, which are read where they are stored. */
  weight(name: string, shape: readonly number[], row = 0): Node {
    return this.node("weight", [], { name, row }, shape.map(fixed), "float32");
  }

  /** A constant of fixed shape. */
  constant(values: readonly number[], shape: readonly number[], dtype: DataType): Node {
    return this.node("constant", [], {}, shape.map(fixed), dtype, values);
  }

  /** A constant whose entries are all `value`. */
  full(value: number | Dim, shape: readonly Dim[], dtype: DataType = "float32"): Node {
    const single = typeof value === "number"
      ? this.constant([value], [], dtype)
      : this.cast(this.reshape(this.size(value), []), dtype);
    return this.expand(single, shape);
  }

  /** The int32 numbers 0, 1, … below a size. */
  range(size: Dim): Node {
    if (isFixed(size)) return this.constant([...Array(size[0]).keys()], [size[0]], "int32");
    const bounds = [fixed(0), size, fixed(1)].map((bound) => this.full(bound, [], "int32"));
    return this.node("Range", bounds, {}, [size], "int32");
  }

  /** Sizes as an int64 vector, computed from an input's shape where they depend on the call. */
  sizes(dims: readonly Dim[]): Node {
    if (dims.every(isFixed)) return this.constant(dims.map((dim) => dim[0]), [dims.length], "int64");
    const parts = dims.map((dim) => this.size(dim));
    return this.node("Concat", parts, { axis: 0 }, [fixed(dims.length)], "int64");
  }

  /** A size as int64 [1], computed from an input's shape where it depends on the call. */
  size(dim: Dim): Node {
    const one = [fixed(1)];
    const literal = (value: number) => this.constant([value], [1], "int64");
    if (isFixed(dim)) return literal(dim[0]);
    const sizeOfInput = (wanted: Dim) => {
      for (const input of this.nodes) {
        const axis = input.op === "input" ? input.shape.findIndex((dim) => sameDim(dim, wanted)) : -1;
        if (axis >= 0) return this.node("Shape", [input], { start: axis, end: axis + 1 }, one, "int64");
      }
      throw new Error("Cannot trace the program: batch, length and labels must each be a size of some input");
    };
    const variables = [
      () => sizeOfInput(BATCH),
      () => sizeOfInput(LENGTH),
      () => this.node("Mul", [sizeOfInput(BATCH), sizeOfInput(LENGTH)], {}, one, "int64"),
      () => sizeOfInput(LABELS),
    ];
    let sum: Node | undefined = dim[0] === 0 ? undefined : literal(dim[0]);
    variables.forEach((variable, index) => {
      const factor = dim[index + 1];
      if (factor === 0) return;
      const term = factor === 1 ? variable() : this.node("Mul", [variable(), literal(factor)], {}, one, "int64");
      sum = sum ? this.node("Add", [sum, term], {}, one, "int64") : term;
    });
    return sum!;
  }

  /**
   * `x`, and no node before `other`, which has the same shape. What is computed from it is not taken for the same as what is computed
   * from `x`.
   */
  notBefore(x: Node, other: Node): Node {
    const sizes = this.node("Shape", [other], {}, [fixed(other.shape.length)], "int64");
    return this.node("Reshape", [x, sizes], {}, x.shape, x.dtype);
  }

  /** `x` repeated to a larger shape. */
  expand(x: Node, shape: readonly Dim[]): Node {
    if (sameShape(x.shape, shape)) return x;
    return this.node("Expand", [unexpanded(x), this.sizes(shape)], {}, shape, x.dtype);
  }

  /** An operator on one tensor, entry by entry. */
  unary(op: string, x: Node, dtype: DataType = x.dtype, attributes: Node["attributes"] = {}): Node {
    const inner = unexpanded(x);
    return this.expand(this.node(op, [inner], attributes, inner.shape, dtype), x.shape);
  }

  /** An operator on several tensors, entry by entry, with broadcasting. */
  elementwise(op: string, operands: readonly Node[], dtype: DataType): Node {
    const shape = operands.map((x) => x.shape).reduce(broadcast);
    const inner = operands.map(unexpanded);
    const innerShape = inner.map((x) => x.shape).reduce(broadcast);
    return this.expand(this.node(op, inner, {}, innerShape, dtype), shape);
  }

  /** An operator on two tensors, entry by entry, with broadcasting; x + 0, x − 0, x · 1 and x ÷ 1 are x itself. */
  binary(op: string, a: Node, b: Node, dtype: DataType = a.dtype): Node {
    const shape = broadcast(a.shape, b.shape);
    const neutral = op === "Add" || op === "Sub" ? 0 : op === "Mul" || op === "Div" ? 1 : undefined;
    if (neutral !== undefined && isUniform(b, neutral)) return this.expand(a, shape);
    if ((op === "Add" || op === "Mul") && isUniform(a, neutral!)) return this.expand(b, shape);
    return this.elementwise(op, [a, b], dtype);
  }

  /** Conversion between element types. */
  cast(x: Node, dtype: DataType): Node {
    if (x.dtype === dtype) return x;
    return this.unary("Cast", x, dtype, { to: dtype });
  }

  /** The same entries in another shape. */
  reshape(x: Node, shape: readonly Dim[]): Node {
    if (sameShape(x.shape, shape)) return x;
    if (x.op === "Reshape") return this.reshape(x.inputs[0], shape);
    if (x.op === "Expand" && x.inputs[0].shape.every(isOne)) return this.expand(this.reshape(x.inputs[0], []), shape);
    // The runtime infers a single unknown size (-1); only shapes with several must be computed.
    const unknown = shape.filter((dim) => !isFixed(dim)).length;
    const target = unknown === 1
      ? this.constant(shape.map((dim) => isFixed(dim) ? dim[0] : -1), [shape.length], "int64")
      : this.sizes(shape);
    return this.node("Reshape", [x, target], {}, shape, x.dtype);
  }

  /** Axes in another order: axis i of the result is axis perm[i] of `x`. */
  transpose(x: Node, perm: readonly number[]): Node {
    const shape = perm.map((axis) => x.shape[axis]);
    const moved = perm.filter((axis) => !isOne(x.shape[axis]));
    if (moved.every((axis, index) => index === 0 || moved[index - 1] < axis)) return this.reshape(x, shape);
    if (x.op === "Transpose") {
      const first = x.attributes.perm as number[];
      return this.transpose(x.inputs[0], perm.map((axis) => first[axis]));
    }
    return this.node("Transpose", [x], { perm }, shape, x.dtype);
  }

  /** ReduceSum, ReduceMean, ReduceMax, … over axes. */
  reduce(op: string, x: Node, axes: readonly number[], keepDims: boolean): Node {
    const kept = x.shape.map((dim, axis) => axes.includes(axis) ? fixed(1) : dim);
    const shape = keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
    if (axes.every((axis) => isOne(x.shape[axis]))) return this.reshape(x, shape);
    const list = this.constant(axes, [axes.length], "int64");
    return this.node(op, [x, list], { keepdims: keepDims ? 1 : 0 }, shape, x.dtype);
  }

  /** Matrix product of the last two axes, with transposed operands where asked for. */
  matmul(a: Node, b: Node, transposeA: boolean, transposeB: boolean): Node {
    const rows = a.shape.at(transposeA ? -1 : -2)!;
    const columns = b.shape.at(transposeB ? -2 : -1)!;
    if (a.shape.length === 2 && b.shape.length === 2) {
      const attributes = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
      return this.node("Gemm", [a, b], attributes, [rows, columns], a.dtype);
    }
    const swapped = (x: Node) => {
      const rank = x.shape.length;
      return this.transpose(x, [...Array(rank - 2).keys(), rank - 1, rank - 2]);
    };
    const shape = [...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns];
    return this.node("MatMul", [transposeA ? swapped(a) : a, transposeB ? swapped(b) : b], {}, shape, a.dtype);
  }

  /** The part of a tensor that starts at `begin` and has the shape `size`. */
  slice(x: Node, begin: readonly Dim[], size: readonly Dim[]): Node {
    const axes = x.shape.keys().filter((axis) => !sameDim(size[axis], x.shape[axis])).toArray();
    if (axes.length === 0) return x;
    if (x.op === "weight" && axes.every((axis) => axis === 0) && size.every(isFixed)) {
      const { name, row } = x.attributes;
      return this.weight(name as string, size.map((dim) => dim[0]), row as number + begin[0][0]);
    }
    const bounds = [axes.map((axis) => begin[axis]), axes.map((axis) => addDims(begin[axis], size[axis]))];
    const list = this.constant(axes, [axes.length], "int64");
    return this.node("Slice", [x, ...bounds.map((dims) => this.sizes(dims)), list], {}, size, x.dtype);
  }

  /** Tensors one after the other along an axis. */
  concat(parts: readonly Node[], axis: number): Node {
    if (parts.length === 1) return parts[0];
    const shape = parts[0].shape.map((dim, other) =>
      other === axis ? parts.map((x) => x.shape[axis]).reduce(addDims) : dim
    );
    return this.node("Concat", parts, { axis }, shape, parts[0].dtype);
  }

  /** Rows of `x` along an axis. */
  gather(x: Node, indices: Node, axis: number): Node {
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return this.node("Gather", [x, indices], { axis }, shape, x.dtype);
  }
}

/**
 * A plug-in of `deno lint` that reports every function with its name, so that its lines can be counted. The lint's parser
 * knows where a function ends; nothing else that Deno brings does.
 * @module
 */

type FunctionNode =
  | Deno.lint.FunctionDeclaration
  | Deno.lint.FunctionExpression
  | Deno.lint.ArrowFunctionExpression;

/** The name of a method, a property or a variable, as it stands in the source. */
function textOf(node?: { type: string; name?: unknown; value?: unknown }): string | undefined {
  const text = node?.type === "Literal" ? node.value : node?.name;
  return text === undefined ? undefined : String(text);
}

/** The name of a function, else of what it is assigned to, else the first argument of the call that it is given to. */
function functionName(node: FunctionNode): string {
  if ("id" in node && node.id) return node.id.name;
  const { parent } = node;
  switch (parent.type) {
    case "MethodDefinition":
    case "Property":
      return textOf(parent.key) ?? "anonymous";
    case "VariableDeclarator":
      return textOf(parent.id) ?? "anonymous";
    case "CallExpression":
      return textOf(parent.arguments[0]) ?? "anonymous";
    default:
      return "anonymous";
  }
}

/** One rule, `sizes/function`, that reports each function; the message is its name. */
const plugin: Deno.lint.Plugin = {
  name: "sizes",
  rules: {
    function: {
      create(context) {
        const report = (node: FunctionNode) => context.report({ node, message: functionName(node) });
        return { FunctionDeclaration: report, FunctionExpression: report, ArrowFunctionExpression: report };
      },
    },
  },
};

export default plugin;

/**
 * Chat templates: how a model that was tuned to chat writes a user's message, as transformers keeps it, a Jinja template
 * in tokenizer_config.json or in a file of its own.
 * @module
 */

/** File that transformers writes the template into. */
export const CHAT_TEMPLATE = "chat_template.jinja";

/** A special token, which settings give as a text or as an object. */
function textOf(token: unknown): string {
  const text = typeof token === "string" ? token : Object(token).content;
  return typeof text === "string" ? text : "";
}

/** The template of the settings: a text, or of several that have names the one called default. */
function templateOf({ chat_template: given }: Record<string, unknown>): unknown {
  return Array.isArray(given) ? given.find((named) => Object(named).name === "default")?.template : given;
}

/**
 * Writes a user's message up to where an answer begins; undefined where the model has no template.
 * @param file content of chat_template.jinja, where there is one
 * @param settings of tokenizer_config.json: `chat_template`, `bos_token`, `eos_token`
 * @throws {Error} if the template is none, or fails
 */
export async function openChatTemplate(
  folder: string,
  file: string | undefined,
  settings: Record<string, unknown>,
): Promise<((message: string) => string) | undefined> {
  const source = file ?? templateOf(settings);
  if (source === undefined || source === null) return undefined;
  const { Template } = await import("@huggingface/jinja");
  const refuse = (error: unknown): never => {
    throw new Error(`Cannot use the chat template of ${folder}: ${(error as Error).message.split("\n")[0]}`);
  };
  let template: InstanceType<typeof Template>;
  try {
    template = new Template(String(source));
  } catch (error) {
    refuse(error);
  }
  return (message) => {
    try {
      return template.render({
        messages: [{ role: "user", content: message }],
        add_generation_prompt: true,
        bos_token: textOf(settings.bos_token),
        eos_token: textOf(settings.eos_token),
      });
    } catch (error) {
      return refuse(error);
    }
  };
}

/**
 * Chat templates: Jinja templates that put a user's message into the form that a chat model expects. transformers stores them
 * in tokenizer_config.json or in a file of their own.
 * @module
 */

/** The file of its own. */
export const CHAT_TEMPLATE = "chat_template.jinja";

/** The text of a special token, which settings hold as a text or as an object. */
function textOf(token: unknown): string {
  const text = typeof token === "string" ? token : Object(token).content;
  return typeof text === "string" ? text : "";
}

/** The template in the settings: a text, or the entry named "default" of a list. */
function templateOf({ chat_template: given }: Record<string, unknown>): unknown {
  return Array.isArray(given) ? given.find((named) => Object(named).name === "default")?.template : given;
}

/**
 * A function that writes a user's message up to where the answer begins; undefined if the model has no template.
 * @param file content of chat_template.jinja, if there is one
 * @param settings of tokenizer_config.json: `chat_template`, `bos_token`, `eos_token`
 * @throws {Error} if the template is no valid Jinja, or if it fails
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

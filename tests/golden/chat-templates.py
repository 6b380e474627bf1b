"""What transformers makes of chat templates: python chat-templates.py OUT.json

Templates in the manner of models that chat, each with a message, its text and its token ids by vocabularies/qwen2 beside
this script.  transformers 5.23.0, jinja2.
"""
import json, os, sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")
from transformers import Qwen2Tokenizer

here = os.path.dirname(os.path.abspath(__file__))
TEMPLATES = {
    "marked turns with a first message of the system": (
        "{% for message in messages %}{% if loop.first and message['role'] != 'system' %}{{ '<|im_start|>system\nBe brief.<|im_end|>\n' }}"
        "{% endif %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"),
    "headers, trimmed content, a set and a filter": (
        "{{- bos_token }}\n{%- for message in messages %}\n    {%- set head = '<|' ~ message.role | upper ~ '|>' %}\n"
        "    {{- head + '\n\n' + message['content'] | trim + eos_token }}\n{%- endfor %}\n{%- if add_generation_prompt %}\n"
        "    {{- '<|ASSISTANT|>\n\n' }}\n{%- endif %}"),
    "brackets, and an error for other roles": (
        "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'].strip() + ' [/INST]' }}"
        "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token }}{% else %}{{ raise_exception('Only two roles') }}"
        "{% endif %}{% endfor %}"),
    "a namespace, slices and tests": (
        "{%- set ns = namespace(found=false) -%}{%- for m in messages[-1:] -%}{%- if m.content is string and not ns.found -%}"
        "{%- set ns.found = true -%}{{ m.role[0:1] }}: {{ m.content | replace('\n', ' ') }}{{ '\n' }}{%- endif -%}{%- endfor -%}"
        "{{ 'a: ' if add_generation_prompt else '' }}"),
}
MESSAGES = ["The cat sat.", "  spaces\nand lines  ", "{{ 'no template' }} {% if %}", "", "😀 <|im_end|>"]
tokenizer = Qwen2Tokenizer.from_pretrained(f"{here}/vocabularies/qwen2")
tokenizer.bos_token = "<|endoftext|>"
values = []
for name, template in TEMPLATES.items():
    rendered = []
    for content in MESSAGES:
        chat = [{"role": "user", "content": content}]
        text = tokenizer.apply_chat_template(chat, chat_template=template, add_generation_prompt=True, tokenize=False)
        ids = tokenizer.apply_chat_template(chat, chat_template=template, add_generation_prompt=True, return_dict=False)
        rendered.append(dict(message=content, text=text, ids=ids))
    values.append(dict(name=name, template=template, rendered=rendered))
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump(values, file, separators=(",", ":"))
    file.write("\n")

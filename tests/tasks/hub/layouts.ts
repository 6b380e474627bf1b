/**
 * The columns of data sets on the hub, as their publishers state them (features of dataset cards): texts, whole numbers, and classes, which
 * are stored as the numbers of their names.
 * @module
 */

/**
 * What a column holds: texts, texts with a gap to fill, whole numbers, fractions, booleans, lists of texts, of whole numbers, lists of lists of texts, lists of records (act, slot, values), classes by number,
 * or texts of a few kinds.
 */
export type ColumnKind =
  | "text"
  | "gapped"
  | "int"
  | "float"
  | "bool"
  | "texts"
  | "ints"
  | "lists"
  | "acts"
  | readonly string[]
  | {
    texts: readonly string[];
  };

const boolean = ["False", "True"];
const sentence = { sentence: "text", idx: "int" } as const;
const pair = { sentence1: "text", sentence2: "text", idx: "int" } as const;
const premise = { premise: "text", hypothesis: "text", idx: "int" } as const;
const entailment = ["entailment", "not_entailment"];
const mnli = { ...premise, label: ["entailment", "neutral", "contradiction"] };
const stance = { text: "text", label: ["none", "against", "favor"] } as const;
const trec = {
  text: "text",
  coarse_label: ["ABBR", "ENTY", "DESC", "HUM", "LOC", "NUM"],
  fine_label: [
    ...["abb", "exp"].map((kind) => `ABBR:${kind}`),
    ...["animal", "body", "color", "cremat", "currency", "dismed", "event", "food", "instru", "lang", "letter", "other"]
      .map((kind) => `ENTY:${kind}`),
    ...["plant", "product", "religion", "sport", "substance", "symbol", "techmeth", "termeq", "veh", "word"]
      .map((kind) => `ENTY:${kind}`),
    ...["def", "desc", "manner", "reason"].map((kind) => `DESC:${kind}`),
    ...["gr", "ind", "title", "desc"].map((kind) => `HUM:${kind}`),
    ...["city", "country", "mount", "other", "state"].map((kind) => `LOC:${kind}`),
    ...[
      "code",
      "count",
      "date",
      "dist",
      "money",
      "ord",
      "other",
      "period",
      "perc",
      "speed",
      "temp",
      "volsize",
      "weight",
    ]
      .map((kind) => `NUM:${kind}`),
  ],
} as const;

/** The columns of each description's data set, by the description's name. */
export const layouts: Record<string, Record<string, ColumnKind>> = {
  "glue/cola": { ...sentence, label: ["unacceptable", "acceptable"] },
  "glue/sst2": { ...sentence, label: ["negative", "positive"] },
  "glue/mrpc": { ...pair, label: ["not_equivalent", "equivalent"] },
  "glue/qqp": { question1: "text", question2: "text", label: ["not_duplicate", "duplicate"], idx: "int" },
  "glue/mnli": mnli,
  "glue/mnli-mismatched": mnli,
  "glue/stsb": { ...pair, label: "float" },
  "glue/qnli": { question: "text", sentence: "text", label: entailment, idx: "int" },
  "glue/rte": { ...pair, label: entailment },
  "glue/wnli": { ...pair, label: ["not_entailment", "entailment"] },
  "superglue/boolq": { question: "text", passage: "text", idx: "int", label: boolean },
  "superglue/cb": { ...premise, label: ["entailment", "contradiction", "neutral"] },
  "superglue/rte": { ...premise, label: entailment },
  "superglue/wic": {
    ...{ word: "text", sentence1: "text", sentence2: "text" },
    ...{ start1: "int", start2: "int", end1: "int", end2: "int", idx: "int", label: boolean },
  },
  "superglue/wsc": {
    ...{ text: "text", span1_index: "int", span2_index: "int", span1_text: "text", span2_text: "text", idx: "int" },
    label: boolean,
  },
  "superglue/copa": {
    ...{ premise: "text", choice1: "text", choice2: "text", question: { texts: ["cause", "effect"] }, idx: "int" },
    label: ["choice1", "choice2"],
  },
  "superglue/multirc": { paragraph: "text", question: "text", answer: "text", label: boolean },
  "superglue/record": { passage: "text", query: "gapped", entities: "texts", answers: "texts" },
  "trec-6": trec,
  "trec-50": trec,
  "subj": { text: "text", label: ["objective", "subjective"], label_text: "text" },
  "mr": { text: "text", label: ["neg", "pos"] },
  "cr": { text: "text", label: ["negative", "positive"], label_text: "text" },
  "mpqa": { sentence: "text", label: ["0", "1"] },
  "sst-5": {
    text: "text",
    label: ["very negative", "negative", "neutral", "positive", "very positive"],
    label_text: "text",
  },
  "ag-news": { text: "text", label: ["World", "Sports", "Business", "Sci/Tech"] },
  "banking77": { text: "text", label: Array.from({ length: 77 }, (_, at) => `intent ${at}`) },
  "tweet-eval/emoji": { text: "text", label: [..."❤😍😂💕🔥😊😎✨💙😘📷", "🇺🇸", ..."☀💜😉💯😁🎄📸😜"] },
  "tweet-eval/emotion": { text: "text", label: ["anger", "joy", "optimism", "sadness"] },
  "tweet-eval/hate": { text: "text", label: ["non-hate", "hate"] },
  "tweet-eval/irony": { text: "text", label: ["non_irony", "irony"] },
  "tweet-eval/offensive": { text: "text", label: ["non-offensive", "offensive"] },
  "tweet-eval/sentiment": { text: "text", label: ["negative", "neutral", "positive"] },
  "tweet-eval/stance-abortion": stance,
  "tweet-eval/stance-atheism": stance,
  "tweet-eval/stance-climate": stance,
  "tweet-eval/stance-feminist": stance,
  "tweet-eval/stance-hillary": stance,
  "e2e-nlg": { meaning_representation: "text", human_reference: "text" },
  "webnlg": {
    ...{ gem_id: "text", gem_parent_id: "text", input: "texts", target: "text", references: "texts", category: "text" },
    webnlg_id: "text",
  },
  "dart": {
    ...{ gem_id: "text", gem_parent_id: "text", dart_id: "int", tripleset: "lists", subtree_was_extended: "bool" },
    ...{ target_sources: "texts", target: "text", references: "texts" },
  },
  "samsum": { id: "text", dialogue: "text", summary: "text" },
  "dialogsum": { id: "text", dialogue: "text", summary: "text", topic: "text" },
  "xsum": { document: "text", summary: "text", id: "text" },
  "gsm8k": { question: "text", answer: "text" },
  "sgd": {
    ...{ gem_id: "text", gem_parent_id: "text", dialog_acts: "acts", context: "texts", dialog_id: "text" },
    ...{ service: "text", turn_id: "int", prompt: "text", target: "text", references: "texts" },
  },
  "daily-dialog": { dialog: "texts", act: "ints", emotion: "ints" },
};

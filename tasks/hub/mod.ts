/**
 * The table of data sets on the hub: descriptions, one file each.
 * @module
 */
import type { Description } from "../described/description.ts";
import { datasetOf } from "../described/hub-files.ts";
import { describedTask, labelsOf, specOf } from "../described/task.ts";
import type { AnyTask } from "../types.ts";
import agNews from "./ag-news.json" with { type: "json" };
import banking77 from "./banking77.json" with { type: "json" };
import cr from "./cr.json" with { type: "json" };
import dailyDialog from "./daily-dialog.json" with { type: "json" };
import dart from "./dart.json" with { type: "json" };
import dialogsum from "./dialogsum.json" with { type: "json" };
import e2eNlg from "./e2e-nlg.json" with { type: "json" };
import glueCola from "./glue-cola.json" with { type: "json" };
import glueMnliMismatched from "./glue-mnli-mismatched.json" with { type: "json" };
import glueMnli from "./glue-mnli.json" with { type: "json" };
import glueMrpc from "./glue-mrpc.json" with { type: "json" };
import glueQnli from "./glue-qnli.json" with { type: "json" };
import glueQqp from "./glue-qqp.json" with { type: "json" };
import glueRte from "./glue-rte.json" with { type: "json" };
import glueSst2 from "./glue-sst2.json" with { type: "json" };
import glueStsb from "./glue-stsb.json" with { type: "json" };
import glueWnli from "./glue-wnli.json" with { type: "json" };
import gsm8k from "./gsm8k.json" with { type: "json" };
import mpqa from "./mpqa.json" with { type: "json" };
import mr from "./mr.json" with { type: "json" };
import samsum from "./samsum.json" with { type: "json" };
import sgd from "./sgd.json" with { type: "json" };
import sst5 from "./sst-5.json" with { type: "json" };
import subj from "./subj.json" with { type: "json" };
import superglueBoolq from "./superglue-boolq.json" with { type: "json" };
import superglueCb from "./superglue-cb.json" with { type: "json" };
import superglueCopa from "./superglue-copa.json" with { type: "json" };
import superglueMultirc from "./superglue-multirc.json" with { type: "json" };
import superglueRecord from "./superglue-record.json" with { type: "json" };
import superglueRte from "./superglue-rte.json" with { type: "json" };
import superglueWic from "./superglue-wic.json" with { type: "json" };
import superglueWsc from "./superglue-wsc.json" with { type: "json" };
import trec50 from "./trec-50.json" with { type: "json" };
import trec6 from "./trec-6.json" with { type: "json" };
import tweetEvalEmoji from "./tweet-eval-emoji.json" with { type: "json" };
import tweetEvalEmotion from "./tweet-eval-emotion.json" with { type: "json" };
import tweetEvalHate from "./tweet-eval-hate.json" with { type: "json" };
import tweetEvalIrony from "./tweet-eval-irony.json" with { type: "json" };
import tweetEvalOffensive from "./tweet-eval-offensive.json" with { type: "json" };
import tweetEvalSentiment from "./tweet-eval-sentiment.json" with { type: "json" };
import tweetEvalStanceAbortion from "./tweet-eval-stance-abortion.json" with { type: "json" };
import tweetEvalStanceAtheism from "./tweet-eval-stance-atheism.json" with { type: "json" };
import tweetEvalStanceClimate from "./tweet-eval-stance-climate.json" with { type: "json" };
import tweetEvalStanceFeminist from "./tweet-eval-stance-feminist.json" with { type: "json" };
import tweetEvalStanceHillary from "./tweet-eval-stance-hillary.json" with { type: "json" };
import webnlg from "./webnlg.json" with { type: "json" };
import xsum from "./xsum.json" with { type: "json" };

/** Every description by its name; a test holds each against the schema. */
export const hubDescriptions: Record<string, Description> = Object.fromEntries(
  ([
    glueCola,
    glueSst2,
    glueMrpc,
    glueQqp,
    glueStsb,
    glueMnli,
    glueMnliMismatched,
    glueQnli,
    glueRte,
    glueWnli,
    superglueBoolq,
    superglueCb,
    superglueCopa,
    superglueRte,
    superglueWic,
    superglueWsc,
    superglueMultirc,
    superglueRecord,
    trec6,
    trec50,
    subj,
    mr,
    cr,
    mpqa,
    sst5,
    agNews,
    banking77,
    tweetEvalEmoji,
    tweetEvalEmotion,
    tweetEvalHate,
    tweetEvalIrony,
    tweetEvalOffensive,
    tweetEvalSentiment,
    tweetEvalStanceAbortion,
    tweetEvalStanceAtheism,
    tweetEvalStanceClimate,
    tweetEvalStanceFeminist,
    tweetEvalStanceHillary,
    e2eNlg,
    webnlg,
    dart,
    samsum,
    dialogsum,
    xsum,
    gsm8k,
    sgd,
    dailyDialog,
  ] as Description[]).map((description) => [description.name!, description]),
);

/** Their tasks, which have no examples before their files are there. */
export const hubTasks: AnyTask[] = Object.entries(hubDescriptions).map(([name, description]) => ({
  ...describedTask({
    name,
    version: description.version ?? 1,
    described: specOf(description, labelsOf(description).labels ?? []),
  }),
  dataset: datasetOf(description),
  ...description.templates && { templates: description.templates },
  ...description.words && { words: description.words },
}));

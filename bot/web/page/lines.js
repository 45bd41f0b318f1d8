// The words of a message, line by line, so that what matters is seen at a glance. Text nodes only, never markup.

import { make } from "./make.js";

const LINK = /https:\/\/[^\s<>"'，。；：！？、（）【】「」《》]+/g;
const SOURCE = /〔[^〔〕\d\n]{1,12}〕/g; // where a value comes from
const SINCE = /[（(][^（()）]*\d\d:\d\d[，,、][^（()）]*[)）]/g; // since when a state holds, and who says so
const KINDS = [
  [/^⚠/, "warn"],
  [/^✓/, "good"],
  [/^(?:下一步：|Next: |次の手順：)/, "next"],
  [/^(?:※|\*) /, "note"],
  [/^(?:【演示数据】|\[Demo data 演示数据\]|【デモデータ 演示数据】)$/, "demo"],
];
// Answers whose first line is their heading, by the key of the reply.
const HEADED = /^(?:verdict\.show|status\.card|search\.(?:page|sums)|export\.list|intake\.several|notice\.changed|verify\.report|missing\.answer)$/;

/** The words of the bot: links, sources and kinds of lines told apart. */
export function words({ text, key }) {
  const whole = make("span", "words");
  let headed = !HEADED.test(key ?? "");
  text.split("\n").forEach((line, place) => {
    if (place) whole.append("\n");
    let kind = KINDS.find(([pattern]) => pattern.test(line))?.[1] ?? "";
    if (!headed && !kind) [headed, kind] = [true, "head"];
    whole.append(...(kind ? [make("span", `line ${kind}`, ...parts(line))] : parts(line)));
  });
  return whole;
}

function parts(line) {
  const found = [LINK, SOURCE, SINCE].flatMap((pattern) => [...line.matchAll(pattern)]);
  found.sort((one, other) => one.index - other.index);
  const made = [];
  let end = 0;
  for (const { 0: said, index } of found) {
    if (index < end) continue;
    const part = said.startsWith("https") ? link(said) : make("span", said.startsWith("〔") ? "source" : "since", said);
    if (!part) continue;
    made.push(line.slice(end, index), part);
    end = index + part.textContent.length;
  }
  return [...made, line.slice(end)].filter((part) => part !== "");
}

function link(said) {
  const address = said.replace(/[.,;:!?)\]]+$/, "");
  if (!isAddress(address)) return null;
  const element = make("a", "", address);
  element.href = address;
  element.target = "_blank";
  element.rel = "noopener noreferrer nofollow";
  return element;
}

function isAddress(text) {
  try {
    return new URL(text).protocol === "https:";
  } catch {
    return false;
  }
}

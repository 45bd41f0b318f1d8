// Calls to the server. Each says how it went: "taken", "later" (try again by itself) or why never.

const LATER = new Set([0, 408, 425, 429, 500, 502, 503, 504]);
const PATIENCE = 20_000; // for a message
const UPLOAD_PATIENCE = 200_000; // for a file

/** An id that is this message's own; also where crypto.randomUUID is missing (plain http). */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Sends a message or a pressed button. */
export const sendMessage = ({ id, text, action, album, language }) =>
  post("/chat/messages", "application/json", JSON.stringify({ id, text, action, album, language }), PATIENCE);

/** Sends a file; `progress` is told the share that has gone out, 0 to 1. */
export async function sendFile({ id, album, language, file }, content, progress) {
  try {
    await content.slice(0, 1).arrayBuffer(); // a folder or a file that is gone cannot be read
  } catch {
    return { result: "unreadable" };
  }
  const query = new URLSearchParams({ id, name: file.name, language });
  if (album) query.set("album", album);
  return upload(`/chat/files?${query}`, file.mime || "application/octet-stream", content, progress);
}

/** The last messages (before one, if given) and whether there are older ones; null when they cannot be had now. */
export async function history(before) {
  const address = before ? `/chat/messages?before=${before}` : "/chat/messages";
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
      if (answer.ok) return await answer.json();
      if (answer.status !== 401) return null;
      await renewSession();
    } catch {
      return null;
    }
  }
  return null;
}

/** A browser without its cookie gets a new one with the page. */
export async function renewSession() {
  await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
}

async function post(address, type, body, patience) {
  let answer;
  try {
    answer = await fetch(address, {
      method: "POST",
      headers: { "content-type": type },
      body,
      signal: AbortSignal.timeout(patience),
    });
    await answer.arrayBuffer();
  } catch {
    return { result: "later" };
  }
  return outcome(answer.status, answer.headers.get("retry-after"));
}

/** Like `post`, and tells how far it is, which `fetch` cannot. */
async function upload(address, type, content, progress) {
  const request = new XMLHttpRequest();
  const ended = new Promise((resolve) => request.addEventListener("loadend", resolve));
  request.upload.addEventListener("progress", ({ loaded, total }) => total && progress?.(loaded / total));
  request.open("POST", address);
  request.setRequestHeader("content-type", type);
  request.timeout = UPLOAD_PATIENCE;
  request.send(content);
  await ended;
  return outcome(request.status, request.getResponseHeader("retry-after"));
}

async function outcome(status, after) {
  if (status >= 200 && status < 300) return { result: "taken" };
  if (status === 401) {
    await renewSession().catch(() => {});
    return { result: "later" };
  }
  if (LATER.has(status)) return { result: "later", wait: (Number(after) || 0) * 1000, busy: status === 429 };
  return { result: status === 413 ? "too_large" : "refused" };
}

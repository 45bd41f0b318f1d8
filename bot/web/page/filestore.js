// Files of messages that are not sent yet: in memory, and in IndexedDB for the case of a reload.

const here = new Map();
let opened = null;

/** Keeps a file. */
export function put(id, content) {
  here.set(id, content);
  change((store) => store.put(content, id));
}

/** A kept file, or undefined. */
export async function get(id) {
  if (here.has(id)) return here.get(id);
  try {
    const store = (await open()).transaction("files").objectStore("files");
    return await done(store.get(id));
  } catch {
    return undefined;
  }
}

/** Forgets a file. */
export function remove(id) {
  here.delete(id);
  change((store) => store.delete(id));
}

async function change(action) {
  try {
    const store = (await open()).transaction("files", "readwrite").objectStore("files");
    await done(action(store));
  } catch {
    // Not allowed or full: the file is kept while the page is open.
  }
}

function open() {
  opened ??= (() => {
    const request = indexedDB.open("piaoda", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("files");
    return done(request);
  })();
  return opened;
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

// What was typed and is not saved yet, kept on this computer until it is: by user and by what it belongs to.
//
// Twice, because each alone forgets: localStorage is there at once, also when the page goes away in this moment, but a
// browser writes it to the disk seconds later; IndexedDB with strict durability is on the disk when it says so, but takes
// some milliseconds. An entry that is done leaves a mark in IndexedDB, so that a localStorage that was put back by a
// crash does not bring it to life again.

const NAME = "hotline-drafts";
const STORE = "entries";
const PREFIX = "autosave:";
const MARK_MILLISECONDS = 24 * 3600 * 1000;
const LONGEST_MILLISECONDS = 30 * MARK_MILLISECONDS; // what could not be saved for a month never will (crm/autosave)

let database = null; // a promise; gives null where there is no IndexedDB

function openDatabase() {
  database ??= new Promise((resolve) => {
    try {
      const opening = indexedDB.open(NAME, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = opening.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
  return database;
}

async function write(key, entry) {
  const open = await openDatabase();
  if (!open) return;
  await new Promise((resolve) => {
    try {
      const transaction = open.transaction(STORE, "readwrite", { durability: "strict" });
      transaction.objectStore(STORE).put(entry, key);
      transaction.oncomplete = transaction.onerror = transaction.onabort = resolve;
      transaction.commit();
    } catch {
      resolve();
    }
  });
}

async function readAll(prefix) {
  const open = await openDatabase();
  if (!open) return new Map();
  return new Promise((resolve) => {
    const found = new Map();
    const transaction = open.transaction(STORE, "readonly");
    const walk = transaction.objectStore(STORE).openCursor(IDBKeyRange.bound(prefix, `${prefix}\uffff`));
    walk.onsuccess = () => {
      if (!walk.result) return;
      found.set(walk.result.key, walk.result.value);
      walk.result.continue();
    };
    transaction.oncomplete = transaction.onerror = transaction.onabort = () => resolve(found);
  });
}

async function erase(keys) {
  const open = await openDatabase();
  if (!open || !keys.length) return;
  const transaction = open.transaction(STORE, "readwrite");
  for (const key of keys) transaction.objectStore(STORE).delete(key);
}

function readLocal(prefix) {
  const found = new Map();
  try {
    for (let n = 0; n < localStorage.length; n++) {
      const key = localStorage.key(n);
      if (key.startsWith(prefix)) found.set(key, JSON.parse(localStorage.getItem(key)));
    }
  } catch {
    return new Map(); // forbidden or damaged: the other one has it
  }
  return found;
}

/** Entries (any object with `at`, milliseconds) below a name such as `12:contact/7`. */
export class Drafts {
  constructor(name) {
    this.prefix = `${PREFIX}${name}:`;
  }

  /** Name → entry of all that was left here. */
  async read() {
    const [local, kept] = [readLocal(this.prefix), await readAll(this.prefix)];
    const found = new Map();
    const old = [];
    for (const key of new Set([...local.keys(), ...kept.keys()])) {
      const [one, other] = [local.get(key), kept.get(key)];
      const newer = other && (!one || other.at >= one.at) ? other : one;
      const age = Date.now() - newer.at;
      if (!newer.done && age < LONGEST_MILLISECONDS) found.set(key.slice(this.prefix.length), newer);
      else {
        this.forgetLocal(key);
        if (age > MARK_MILLISECONDS) old.push(key);
      }
    }
    erase(old);
    return found;
  }

  /** Keeps; in localStorage when it returns, on the disk when the promise is done. */
  put(name, entry) {
    const key = this.prefix + name;
    try {
      localStorage.setItem(key, JSON.stringify(entry));
    } catch {
      // full or forbidden: the other one keeps it
    }
    return write(key, entry);
  }

  /** It is saved. */
  drop(name) {
    this.forgetLocal(this.prefix + name);
    return write(this.prefix + name, { done: true, at: Date.now() });
  }

  forgetLocal(key) {
    try {
      localStorage.removeItem(key);
    } catch {
      // nothing to forget
    }
  }
}

/** Names (`contact/7`) of everything that somebody left unsaved here. */
export async function leftBy(user) {
  const prefix = `${PREFIX}${user}:`;
  const names = [...readLocal(prefix).entries(), ...(await readAll(prefix)).entries()]
    .filter(([, entry]) => !entry.done)
    .map(([key]) => key.slice(prefix.length).split(":")[0]);
  const found = [];
  for (const name of new Set(names)) if ((await new Drafts(`${user}:${name}`).read()).size) found.push(name);
  return found;
}

// Attacks on the controller that loads what an element shows (src/loader.ts): late answers, hidden pages, elements
// that are taken away, errors, and requests on top of each other. The page and its clock are made up, so that each
// moment can be chosen.
import test, { after, beforeEach } from "node:test";
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import esbuild from "esbuild";

const every = 1000; // ms between an answer and the next question

/** A clock that goes only when it is told to. */
class Clock {
  #now = 0;
  #last = 0;
  #timers = new Map();
  setTimeout = (call, pause) => {
    this.#timers.set(++this.#last, { at: this.#now + pause, call });
    return this.#last;
  };
  clearTimeout = (id) => void this.#timers.delete(id);
  get running() {
    return this.#timers.size;
  }
  async pass(ms) {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      const [id, timer] = due;
      this.#timers.delete(id);
      this.#now = timer.at;
      timer.call();
      await settled();
    }
    this.#now = end;
  }
}

/** Lets everything happen that waits for no answer. */
const settled = () => new Promise((done) => setImmediate(done));

/** What can be listened to, and knows by how many it is. */
class Listened extends EventTarget {
  listeners = 0;
  addEventListener(...what) {
    this.listeners++;
    super.addEventListener(...what);
  }
  removeEventListener(...what) {
    this.listeners--;
    super.removeEventListener(...what);
  }
}

/** Sees an element's size, as the browser's does. */
class Sizes {
  static all = new Map();
  constructor(call) {
    this.call = call;
  }
  observe(element) {
    Sizes.all.set(element, this.call);
  }
  disconnect() {
    for (const [element, call] of Sizes.all) if (call === this.call) Sizes.all.delete(element);
  }
}

/** As much of an element as the controller needs of it. */
class Element {
  #controllers = [];
  #pending = false;
  offsetWidth = 0;
  addController(controller) {
    this.#controllers.push(controller);
  }
  getClientRects() {
    return this.offsetWidth ? [{}] : [];
  }
  requestUpdate() {
    if (this.#pending) return;
    this.#pending = true;
    queueMicrotask(() => {
      this.#pending = false;
      for (const controller of this.#controllers) controller.hostUpdate?.();
    });
  }
  async attach(width = 100) {
    for (const controller of this.#controllers) controller.hostConnected?.();
    this.requestUpdate();
    await this.resize(width);
  }
  async detach() {
    for (const controller of this.#controllers) controller.hostDisconnected?.();
    await settled();
  }
  async resize(width) {
    this.offsetWidth = width;
    Sizes.all.get(this)?.();
    await settled();
  }
}

/** A question that the test answers when it likes. */
class Question {
  constructor(key, signal) {
    Object.assign(this, { key, signal });
    this.promise = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
  }
  async answer(value) {
    this.resolve(value);
    await settled();
  }
  async fail(message) {
    this.reject(new Error(message));
    await settled();
  }
}

const folder = await mkdtemp(path.join(tmpdir(), "loader-"));
after(() => rm(folder, { recursive: true }));
const bundle = path.join(folder, "loader.mjs");
await esbuild.build({
  entryPoints: [fileURLToPath(new URL("src/loader.ts", import.meta.url))], outfile: bundle,
  bundle: true, format: "esm", platform: "node", logLevel: "warning",
  tsconfigRaw: { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false } },
});
globalThis.window = globalThis;
globalThis.customElements ??= { define() {}, get() {} };
const { Loader } = await import(pathToFileURL(bundle));

let clock, asked, element;

beforeEach(() => {
  clock = new Clock();
  asked = [];
  const { setTimeout, clearTimeout } = clock;
  globalThis.window = Object.assign(new Listened(), { setTimeout, clearTimeout });
  globalThis.document = Object.assign(new Listened(), { visibilityState: "visible" });
  globalThis.ResizeObserver = Sizes;
  element = new Element();
});

/** A loader whose questions are in asked. */
const loading = (more = {}) => new Loader(element, {
  load(key, signal) {
    asked.push(new Question(key, signal));
    return asked.at(-1).promise;
  },
  ...more,
});

async function turn(visibilityState) {
  document.visibilityState = visibilityState;
  document.dispatchEvent(new Event("visibilitychange"));
  await settled();
}

test("an element that is shown asks once, and again after its time", async () => {
  const loader = loading({ every: () => every });
  await element.attach();
  assert.equal(asked.length, 1, "questions at the beginning");
  await asked[0].answer("one");
  assert.equal(loader.value, "one");
  await clock.pass(every - 1);
  assert.equal(asked.length, 1, "questions before the time");
  await clock.pass(1);
  assert.equal(asked.length, 2, "questions after the time");
});

test("an answer that comes after another was wanted is thrown away", async () => {
  let key = "a";
  const loader = loading({ key: () => key, every: () => every });
  await element.attach();
  key = "b";
  element.requestUpdate();
  await settled();
  assert.deepEqual(asked.map((q) => q.key), ["a", "b"]);
  assert.ok(asked[0].signal.aborted, "the first question is given up");
  await asked[1].answer("of b");
  await asked[0].answer("of a");
  assert.equal(loader.value, "of b", "the value after the late answer");
  assert.equal(clock.running, 1, "timers after the late answer");
});

test("an error that comes after another was wanted is thrown away", async () => {
  let key = "a";
  const loader = loading({ key: () => key });
  await element.attach();
  key = "b";
  element.requestUpdate();
  await settled();
  await asked[0].fail("too late");
  assert.ok(loader.busy, "the second question is still open");
  await asked[1].answer("of b");
  assert.deepEqual([loader.value, loader.problem], ["of b", undefined]);
});

test("while the page is hidden nothing is asked, and no timer goes on", async () => {
  loading({ every: () => every });
  await element.attach();
  await asked[0].answer("one");
  await turn("hidden");
  await clock.pass(10 * every);
  assert.equal(asked.length, 1, "questions while it is hidden");
  assert.equal(clock.running, 0, "timers while it is hidden");
  await turn("visible");
  assert.equal(asked.length, 2, "questions when it is seen again");
});

test("a hidden page does not even peek, and a visible one loads only news", async () => {
  let news = false;
  let peeks = 0;
  loading({ every: () => every, peek: async () => (peeks++, news) });
  await element.attach();
  await asked[0].answer("one");
  await clock.pass(2 * every);
  assert.deepEqual([peeks, asked.length], [2, 1], "without news: peeks and questions");
  await turn("hidden");
  await clock.pass(5 * every);
  assert.equal(peeks, 2, "peeks while it is hidden");
  await turn("visible");
  await asked[1].answer("two");
  news = true;
  await clock.pass(every);
  assert.deepEqual([peeks, asked.length], [3, 3], "with news: peeks and questions");
});

test("an element that is detached asks nothing, and no timer goes on", async () => {
  const loader = loading({ every: () => every });
  await element.attach();
  await asked[0].answer("one");
  assert.equal(clock.running, 1, "timers while it is attached");
  await element.detach();
  assert.equal(clock.running, 0, "timers after it was detached");
  assert.deepEqual([window.listeners, document.listeners], [0, 0], "listeners after it was detached");
  loader.take("known by other means");
  assert.equal(clock.running, 0, "timers after a value that came without being asked for");
  window.dispatchEvent(new Event("nxf-changed"));
  await loader.refresh();
  await clock.pass(10 * every);
  assert.equal(asked.length, 1, "questions after it was detached");
  await element.attach();
  assert.equal(asked.length, 2, "questions after it is back");
});

test("an answer to an element that was detached is thrown away", async () => {
  const loader = loading({ every: () => every });
  await element.attach();
  await element.detach();
  assert.ok(asked[0].signal.aborted, "the question is given up");
  await asked[0].answer("one");
  assert.deepEqual([loader.value, clock.running], [undefined, 0], "value and timers");
});

test("an element without room on the page asks nothing until it has some", async () => {
  loading();
  await element.attach(0);
  assert.equal(asked.length, 0, "questions without room");
  await element.resize(100);
  assert.equal(asked.length, 1, "questions with room");
});

test("an error keeps what was shown, and is asked again after its time", async () => {
  const loader = loading({ every: () => every });
  await element.attach();
  await asked[0].answer("one");
  await clock.pass(every);
  await asked[1].fail("no answer");
  assert.equal(loader.value, "one", "the value after the error");
  assert.ok(loader.problem, "the error is known");
  await clock.pass(every);
  assert.equal(asked.length, 3, "questions after the error");
  await asked[2].answer("three");
  assert.deepEqual([loader.value, loader.problem], ["three", undefined]);
});

test("a refresh while an answer is awaited is followed by one more question", async () => {
  const loader = loading();
  await element.attach();
  let done = false;
  void loader.refresh();
  void loader.refresh().then(() => (done = true));
  await settled();
  assert.equal(asked.length, 1, "questions at the same time");
  await asked[0].answer("may be too old");
  assert.deepEqual([asked.length, done], [2, false], "after the first answer: questions, and whether it is done");
  await asked[1].answer("new");
  assert.deepEqual([loader.value, loader.busy, asked.length, done], ["new", false, 2, true]);
});

test("a value that came without being asked for begins the time anew", async () => {
  const loader = loading({ every: () => every });
  await element.attach();
  await asked[0].answer("one");
  await clock.pass(every / 2);
  loader.take("two");
  assert.equal(clock.running, 1, "timers");
  await clock.pass(every - 1);
  assert.equal(asked.length, 1, "questions before the time");
});

test("a peek that is answered after another was wanted leads to nothing", async () => {
  let key = "a";
  let peeked;
  loading({ key: () => key, every: () => every, peek: () => new Promise((answer) => (peeked = answer)) });
  await element.attach();
  await asked[0].answer("of a");
  await clock.pass(every);
  key = "b";
  element.requestUpdate();
  await settled();
  peeked(true);
  await settled();
  await asked[1].answer("of b");
  assert.deepEqual(asked.map((q) => q.key), ["a", "b"]);
});

test("what has changed elsewhere is loaded again, unless the element is deaf", async () => {
  loading();
  await element.attach();
  await asked[0].answer("one");
  window.dispatchEvent(new Event("nxf-changed"));
  await settled();
  assert.equal(asked.length, 2, "questions after a change");

  asked = [];
  element = new Element();
  loading({ deaf: true });
  await element.attach();
  await asked[0].answer("one");
  window.dispatchEvent(new Event("nxf-changed"));
  await settled();
  assert.equal(asked.length, 1, "questions of a deaf one");
});

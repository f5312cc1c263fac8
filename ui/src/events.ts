// Items as they change, by server-sent events. They are read with fetch, since
// an EventSource cannot show a session.

import { type Item, aborted, request } from "./api.js";

/** Hears of items. */
export interface Listener {
  item(item: Item): void;
  /** Everything that was watched has ended; a retry may start it again. */
  end?(): void;
  /** Whether we hear anything at the moment. */
  connected?(yes: boolean): void;
}

const shortest = 500; // ms before the first new try
const longest = 15_000;

/** Watches until the signal aborts, through every broken connection. */
export async function watch(
  parameters: Record<string, string>, listener: Listener, signal: AbortSignal,
): Promise<void> {
  let pause = shortest;
  while (!signal.aborted) {
    try {
      const answer = await request("GET", `/events?${new URLSearchParams(parameters)}`, undefined, signal);
      listener.connected?.(true);
      pause = shortest;
      await read(answer, listener);
    } catch (thrown) {
      if (aborted(thrown)) return;
    }
    listener.connected?.(false);
    await rest(pause, signal);
    pause = Math.min(pause * 2, longest);
  }
}

// All lists of a page hear of items by one connection: browsers open only a few
// to a host, and calls need some.
const hearing = new Set<Listener>();
let connection: AbortController | undefined;
let live = true;

/** Hears of all items one may see, until the signal aborts. */
export function listen(listener: Listener, signal: AbortSignal): void {
  if (signal.aborted) return;
  hearing.add(listener);
  if (!live) listener.connected?.(false);
  signal.addEventListener("abort", () => leave(listener), { once: true });
  if (connection) return;
  connection = new AbortController();
  const all: Listener = {
    item: (item) => hearing.forEach((l) => l.item(item)),
    connected: (yes) => hearing.forEach((l) => l.connected?.((live = yes))),
  };
  void watch({}, all, connection.signal);
}

function leave(listener: Listener): void {
  hearing.delete(listener);
  if (hearing.size) return;
  connection?.abort();
  [connection, live] = [undefined, true];
}

async function read(answer: Response, listener: Listener): Promise<void> {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const whole = text.split("\n\n");
    text = whole.pop()!;
    whole.forEach((event) => tell(event, listener));
  }
}

function tell(event: string, listener: Listener): void {
  const fields = new Map(event.split("\n").map((line) => [
    line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim(),
  ]));
  if (fields.get("event") === "item") listener.item(JSON.parse(fields.get("data")!) as Item);
  if (fields.get("event") === "end") listener.end?.();
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });
}

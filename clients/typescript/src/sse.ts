/** Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */

/** One event as it was sent. */
export interface Message {
  event: string;
  data: string;
  /** Its own id, or undefined if it has none. */
  id: string | undefined;
}

/** Yield the events of a body until it ends; comments, which keep the connection alive, are none. */
export async function* messages(body: AsyncIterable<Uint8Array>): AsyncGenerator<Message> {
  let event = "message";
  let data: string[] = [];
  let id: string | undefined;
  for await (const line of lines(body)) {
    if (line === "") {
      if (data.length > 0) yield { event, data: data.join("\n"), id };
      [event, data, id] = ["message", [], undefined];
      continue;
    }
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/su.exec(line) ?? [];
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
    else if (field === "id") id = value;
  }
}

/** Yield the whole lines of a body of UTF-8, which end in LF, CR or both. */
async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    // A CR at the very end may be half of a CR LF.
    const found = rest.split(/\r\n|\n|\r(?!$)/u);
    rest = found.pop() ?? "";
    yield* found;
  }
  if (rest.endsWith("\r")) yield rest.slice(0, -1);
}

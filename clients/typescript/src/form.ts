/** A multipart form with one file, written as it is sent: nothing of the file is held in memory. */

/** What the file is read from, once. */
export type Bytes = Blob | Uint8Array | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** A form on its way. */
export interface WrittenForm {
  contentType: string;
  /** Undefined while nobody knows how long the file is. */
  totalBytes: number | undefined;
  pieces: AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>;
}

/** Write a form: its fields, then the file, since some fields say where the file goes. */
export function writtenForm(fields: ReadonlyMap<string, string>, file: Bytes, fileName: string): WrittenForm {
  const boundary = `scriptorium-${randomHex(16)}`;
  const head = encoded(
    [...fields].map(([name, value]) => `--${boundary}\r\n${disposition(name)}\r\n\r\n${value}\r\n`).join("") +
      `--${boundary}\r\n${disposition("file")}; filename="${escaped(fileName)}"\r\n` +
      "Content-Type: application/octet-stream\r\n\r\n",
  );
  const tail = encoded(`\r\n--${boundary}--\r\n`);
  const size = sizeOf(file);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    totalBytes: size === undefined ? undefined : head.byteLength + size + tail.byteLength,
    pieces: pieces(head, file, tail),
  };
}

/** Return so many random bytes in hexadecimal digits. `crypto.randomUUID` is missing on pages without TLS. */
export function randomHex(bytes: number): string {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function* pieces(
  head: Uint8Array,
  file: Bytes,
  tail: Uint8Array,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  yield head as Uint8Array<ArrayBuffer>;
  if (file instanceof Uint8Array) yield file as Uint8Array<ArrayBuffer>;
  else {
    const source = file instanceof Blob ? file.stream() : file;
    for await (const piece of source) yield piece as Uint8Array<ArrayBuffer>;
  }
  yield tail as Uint8Array<ArrayBuffer>;
}

function sizeOf(file: Bytes): number | undefined {
  if (file instanceof Uint8Array) return file.byteLength;
  return file instanceof Blob ? file.size : undefined;
}

function disposition(name: string): string {
  return `Content-Disposition: form-data; name="${escaped(name)}"`;
}

/** Escape a name as browsers do in forms. */
function escaped(name: string): string {
  return name.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22");
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

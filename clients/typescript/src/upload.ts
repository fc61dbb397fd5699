/** Sends a form and tells how much of it is sent: in browsers by XMLHttpRequest, elsewhere by a body that streams. */

import type { Bytes } from "./form.js";
import { writtenForm } from "./form.js";

/** How far an upload is. */
export interface UploadProgress {
  sentBytes: number;
  /** Undefined for a stream, of which nobody knows the length. */
  totalBytes: number | undefined;
}

/** A form to be sent. */
export interface Upload {
  url: string;
  headers: Headers;
  fields: ReadonlyMap<string, string>;
  file: Bytes;
  fileName: string;
  onProgress: ((progress: UploadProgress) => void) | undefined;
  signal: AbortSignal | undefined;
}

/** Whether uploads go by XMLHttpRequest: a browser's `fetch` neither tells of progress nor, mostly, sends streams. */
const IS_BROWSER = "XMLHttpRequest" in globalThis;

/** Return the file as it can be sent any number of times, if it can. Browsers put a stream together first. */
export async function repeatable(file: Bytes): Promise<Bytes> {
  if (!IS_BROWSER || file instanceof Blob || file instanceof Uint8Array) return file;
  const parts: BlobPart[] = [];
  for await (const piece of file) parts.push(piece as Uint8Array<ArrayBuffer>);
  return new Blob(parts);
}

/** Send a form and return the answer; a TypeError means that there was none. */
export async function sendForm(upload: Upload, fetchForm: typeof fetch): Promise<Response> {
  return await (IS_BROWSER ? sendByXmlHttpRequest(upload) : sendStream(upload, fetchForm));
}

async function sendStream(upload: Upload, fetchForm: typeof fetch): Promise<Response> {
  const form = writtenForm(upload.fields, upload.file, upload.fileName);
  const headers = new Headers(upload.headers);
  headers.set("Content-Type", form.contentType);
  // Lets the service refuse what is too large before it is sent.
  if (form.totalBytes !== undefined) headers.set("Content-Length", String(form.totalBytes));
  let sentBytes = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const piece = await form.pieces.next();
      if (piece.done) {
        controller.close();
        return;
      }
      controller.enqueue(piece.value);
      sentBytes += piece.value.byteLength;
      upload.onProgress?.({ sentBytes, totalBytes: form.totalBytes });
    },
    async cancel() {
      await form.pieces.return(undefined);
    },
  });
  const request: RequestInit & { duplex: "half" } = {
    method: "POST",
    headers,
    body,
    duplex: "half",
    signal: upload.signal ?? null,
  };
  return await fetchForm(upload.url, request);
}

async function sendByXmlHttpRequest(upload: Upload): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of upload.fields) form.append(name, value);
  form.append("file", new Blob([upload.file as Blob | Uint8Array<ArrayBuffer>]), upload.fileName);
  const request = new XMLHttpRequest();
  request.open("POST", upload.url);
  request.responseType = "blob";
  upload.headers.forEach((value, name) => {
    request.setRequestHeader(name, value);
  });
  request.upload.onprogress = ({ loaded, total }) => {
    upload.onProgress?.({ sentBytes: loaded, totalBytes: total });
  };
  const abort = (): void => {
    request.abort();
  };
  upload.signal?.addEventListener("abort", abort);
  try {
    return await new Promise<Response>((resolve, reject) => {
      request.onload = () => {
        resolve(answerOf(request));
      };
      request.onerror = () => {
        reject(new TypeError("the upload broke off"));
      };
      request.onabort = () => {
        reject(upload.signal?.reason as Error);
      };
      upload.signal?.throwIfAborted();
      request.send(form);
    });
  } finally {
    upload.signal?.removeEventListener("abort", abort);
  }
}

function answerOf(request: XMLHttpRequest): Response {
  const headers = new Headers();
  for (const line of request.getAllResponseHeaders().split("\r\n")) {
    const [name, ...value] = line.split(": ");
    if (name) headers.append(name, value.join(": "));
  }
  return new Response(request.response as Blob, { status: request.status, statusText: request.statusText, headers });
}

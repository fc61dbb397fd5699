// OpenAI's own SDK for Node.js, unchanged, against the whole service with the real model.

import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import OpenAI, { toFile } from "openai";

const { SCRIPTORIUM_URL, AUDIO } = process.env;
const GARDEN = /the garden behind the house was small/i;
const SNOW = /snow fell all night/i;
const garden = join(AUDIO, "garden.flac");
const snow = join(AUDIO, "snow.flac");

const openai = new OpenAI({ baseURL: `${SCRIPTORIUM_URL}/v1`, apiKey: "none needed", maxRetries: 0 });
const transcribe = (options) =>
  openai.audio.transcriptions.create({ file: createReadStream(garden), model: "whisper-1", ...options });

test("json is the text", async () => {
  const { text, usage } = await transcribe();
  assert.match(text, GARDEN);
  assert.deepEqual(usage, { type: "duration", seconds: 5 });
});

test("a file may be a stream, bytes or a response", async () => {
  const bytes = await readFile(garden);
  for (const file of [createReadStream(garden), await toFile(bytes, "garden.flac"), new File([bytes], "garden.flac")]) {
    assert.match((await transcribe({ file, model: "gpt-4o-transcribe" })).text, GARDEN);
  }
});

test("verbose_json has segments and words", async () => {
  const transcript = await transcribe({
    response_format: "verbose_json",
    timestamp_granularities: ["word", "segment"],
  });
  assert.equal(transcript.language, "english");
  assert.ok(Math.abs(transcript.duration - 4.73) < 0.02);
  assert.equal(transcript.segments.map(({ text }) => text).join("").trim(), transcript.text);
  assert.deepEqual(
    transcript.words.slice(0, 3).map(({ word }) => word.toLowerCase()),
    ["the", "garden", "behind"],
  );
  assert.ok(transcript.words.every(({ start, end }) => 0 <= start && start <= end && end <= 5));
});

test("text and subtitles are text", async () => {
  assert.match(await transcribe({ response_format: "text" }), GARDEN);
  assert.match(await transcribe({ response_format: "srt" }), /^1\n00:00:0\d,\d{3} --> 00:00:0\d,\d{3}\nThe garden/i);
  assert.match(await transcribe({ response_format: "vtt" }), /^WEBVTT\n\n00:00:0\d\.\d{3} --> /);
});

test("a translation is English", async () => {
  const { text } = await openai.audio.translations.create({ file: createReadStream(garden), model: "whisper-1" });
  assert.match(text, GARDEN);
});

test("a stream is the text as it comes", async () => {
  const stream = await transcribe({ file: createReadStream(snow), model: "gpt-4o-transcribe", stream: true });
  const events = [];
  for await (const event of stream) events.push(event);
  const last = events.pop();
  assert.equal(last.type, "transcript.text.done");
  assert.deepEqual(new Set(events.map(({ type }) => type)), new Set(["transcript.text.delta"]));
  assert.equal(events.map(({ delta }) => delta).join(""), last.text);
  assert.match(last.text, SNOW);
});

test("a stream that is left is left", async () => {
  const stream = await transcribe({ file: createReadStream(snow), model: "gpt-4o-transcribe", stream: true });
  for await (const event of stream) {
    assert.equal(event.type, "transcript.text.delta");
    break;
  }
  assert.match((await transcribe()).text, GARDEN);
});

test("models are listed and looked at", async () => {
  const models = [];
  for await (const { id, object } of openai.models.list()) models.push([id, object]);
  assert.ok(models.some(([id, object]) => id === "base" && object === "model"), String(models));
  assert.equal((await openai.models.retrieve("whisper-1")).id, "whisper-1");
});

test("errors are the SDK's own", async () => {
  await assert.rejects(transcribe({ model: "whisper-9" }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.deepEqual([error.status, error.code, error.param], [404, "model_not_found", "model"]);
    return true;
  });
  await assert.rejects(transcribe({ language: "klingon" }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.deepEqual([error.type, error.param], ["invalid_request_error", "language"]);
    assert.match(error.message, /klingon/);
    return true;
  });
  const text = await toFile(Buffer.from("a shopping list"), "song.mp3");
  await assert.rejects(transcribe({ file: text }), OpenAI.BadRequestError);
  const large = await toFile(Buffer.alloc(3 * 2 ** 20), "large.wav");
  await assert.rejects(transcribe({ file: large }), (error) => error instanceof OpenAI.APIError && error.status === 413);
  await assert.rejects(openai.models.retrieve("whisper-9"), OpenAI.NotFoundError);
});

export type {
  Audio,
  Call,
  ClientOptions,
  JobOptions,
  StreamCall,
  SubmitCall,
  TranscribeCall,
  Transcripts,
  WaitCall,
} from "./client.js";
export { Scriptorium } from "./client.js";
export { ProblemError, ScriptoriumError, ServiceUnreachable } from "./errors.js";
export type { StreamEvent } from "./follow.js";
export type * from "./schema.js";
export type { UploadProgress } from "./upload.js";

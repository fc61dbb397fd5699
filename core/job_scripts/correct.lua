-- correct: keeps what a job's owner puts in the place of what was heard
--   job_id      string
--   segments    list of objects: id, and correction, a JSON object with text and edits (words put right); without one the
--               segment is as it was heard
--   words       integer  words of the transcript as it was heard
--   most_bytes  integer  of corrections kept for one job
-- Sets segment:<id>, a correction as JSON, and the facts: words, edits and bytes (of all corrections together) and at_ms.
-- What was told about a segment before is replaced, and so is its part in the counters: submissions (that changed
-- something), jobs, words and edits. A call sent twice changes nothing the second time.
-- Returns 'corrected', 'unchanged', 'full' (nothing was kept), or 'gone' when there is no transcript (any more).

local job = args.job_id
local id = redis.call('HGET', job_key(job), 'work_id')
if status_of(job) ~= 'completed' or redis.call('EXISTS', work_key(id, 'result')) == 0 then return 'gone' end

local kept, counters = corrections_key(job), key('correction-counters')
local is_first = redis.call('EXISTS', kept) == 0
local function edits_of(correction) return correction and cjson.decode(correction).edits or 0 end
local function bytes_of(correction) return correction and #correction or 0 end

local former = tonumber(redis.call('HGET', kept, 'edits') or 0)
local edits, bytes = former, tonumber(redis.call('HGET', kept, 'bytes') or 0)
local changes = {}
for _, segment in ipairs(args.segments) do
  local field, correction = 'segment:' .. integer(segment.id), segment.correction or false
  local was = redis.call('HGET', kept, field)
  if was ~= correction then
    changes[#changes + 1] = { field, correction }
    edits = edits + edits_of(correction) - edits_of(was)
    bytes = bytes + bytes_of(correction) - bytes_of(was)
  end
end
if bytes > args.most_bytes then return 'full' end
if #changes == 0 and not is_first then return 'unchanged' end

for _, change in ipairs(changes) do
  if change[2] then
    redis.call('HSET', kept, change[1], change[2])
  else
    redis.call('HDEL', kept, change[1])
  end
end
redis.call('HSET', kept, 'words', integer(args.words), 'edits', integer(edits), 'bytes', integer(bytes), 'at_ms',
  integer(now))
expire_corrections(job, id)
searchable(job)
redis.call('HINCRBY', counters, 'submissions', 1)
redis.call('HINCRBY', counters, 'edits', integer(edits - former))
if is_first then
  redis.call('HINCRBY', counters, 'jobs', 1)
  redis.call('HINCRBY', counters, 'words', integer(args.words))
end
return 'corrected'

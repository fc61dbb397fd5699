-- accept: nothing -> queued
--   job_id   string
--   record   object of strings, the fields of the job that never change:
--            tenant, lane, weight, options, file_name (optional), media_bytes, media_sha256,
--            audio_ms (optional), cost_ms
-- Returns 1, or 0 when the job exists already.

local id, record = args.job_id, args.record
if redis.call('EXISTS', job_key(id)) == 1 then return 0 end

local fields = { 'job_id', id, 'status', 'queued', 'created_at_ms', integer(now) }
for name, value in pairs(record) do
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end
redis.call('HSET', job_key(id), unpack(fields))
redis.call('ZADD', key('jobs'), integer(now), id)
redis.call('SADD', key('lanes'), record.lane)
enqueue_last(id, record.lane, record.tenant, tonumber(record.cost_ms), tonumber(record.weight))
count(record.lane, 'accepted')
return 1

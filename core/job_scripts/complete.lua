-- complete: processing -> completed; or cancelled, when that was asked for in time
--   job_id          string
--   fence           integer
--   result          string   facts about the transcript, JSON; its segments were committed by report
--   progress_ms     integer  all of the audio
--   result_ttl_ms   integer
--   record_ttl_ms   integer
-- Returns 'completed', 'cancelled', or 'lost'.

local id = args.job_id
if not holds(id, args.fence) then
  -- A call sent twice, because its first answer was lost on the way, is answered alike.
  local fields = redis.call('HMGET', job_key(id), 'status', 'fence')
  return fields[1] == 'completed' and tonumber(fields[2]) == args.fence and 'completed' or 'lost'
end
if redis.call('HEXISTS', job_key(id), 'cancel_requested') == 1 then
  redis.call('DEL', job_key(id) .. ':segments')
  finish(id, 'cancelled')
  return 'cancelled'
end
redis.call('SET', job_key(id) .. ':result', args.result)
redis.call('HSET', job_key(id), 'progress_ms', integer(args.progress_ms))
finish(id, 'completed')
local fields = redis.call('HMGET', job_key(id), 'lane', 'created_at_ms', 'claimed_at_ms')
count(fields[1], 'completed_audio_ms', args.progress_ms)
count(fields[1], 'completed_processing_ms', now - tonumber(fields[3]))
count(fields[1], 'completed_latency_ms', now - tonumber(fields[2]))
return 'completed'

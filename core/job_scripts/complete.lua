-- complete: processing -> completed; or cancelled, when that was asked for in time
--   work_id          string
--   fence            integer
--   result           string   facts about the transcript, JSON; its segments were committed by report
--   progress_ms      integer  all of the audio
--   transcribed_ms   integer  the audio that this attempt has done
--   result_ttl_ms    integer
--   record_ttl_ms    integer
-- Returns 'completed', 'cancelled', or 'lost'.

local id = args.work_id
if not holds(id, args.fence) then
  -- A call sent twice, because its first answer was lost on the way, is answered alike.
  local fields = redis.call('HMGET', work_key(id), 'status', 'fence')
  return fields[1] == 'completed' and tonumber(fields[2]) == args.fence and 'completed' or 'lost'
end
if cancel_requested(id) then return cancel_attempt(id) end
redis.call('SET', work_key(id, 'result'), args.result)
redis.call('HSET', work_key(id), 'progress_ms', integer(args.progress_ms))
end_attempt(id, 'completed')
finish(id, 'completed')

local fields = redis.call('HMGET', work_key(id), 'lane', 'created_at_ms', 'claimed_at_ms')
local lane, attempt_ms = fields[1], now - tonumber(fields[3])
local busy_since = tonumber(redis.call('GET', lane_key(lane, 'clock')) or fields[3])
redis.call('LPUSH', lane_key(lane, 'pace'),
  table.concat({ integer(args.transcribed_ms), integer(now - busy_since), integer(attempt_ms) }, ' '))
redis.call('LTRIM', lane_key(lane, 'pace'), 0, PACE_KEPT - 1)
redis.call('SET', lane_key(lane, 'clock'), integer(now))
count(lane, 'transcribed')
count(lane, 'transcribed_audio_ms', args.transcribed_ms)
count(lane, 'transcribed_processing_ms', attempt_ms)
count(lane, 'transcribed_latency_ms', now - tonumber(fields[2]))
return 'completed'

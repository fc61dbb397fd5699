-- report: commits segments and progress of a processing work
--   work_id       string
--   fence         integer
--   lease_ms      integer
--   segments      list of strings, each one segment as JSON
--   committed     integer  segments committed before these, so that a call sent twice commits once
--   progress_ms   integer  audio done, from the start of the audio
--   audio_ms      integer  decoded length (optional)
--   cost_ms       integer  what the work costs, where that was a guess (optional): it waits nowhere now
--   info          string   facts about the audio, JSON (optional)
-- Returns 'lost', 'held', or 'cancel' when cancellation was asked for.

local id = args.work_id
if not holds(id, args.fence) then return 'lost' end
local length = redis.call('LLEN', work_key(id, 'segments'))
for index = length - args.committed + 1, #args.segments do
  redis.call('RPUSH', work_key(id, 'segments'), args.segments[index])
end
redis.call('HSET', work_key(id), 'progress_ms', integer(args.progress_ms))
if args.audio_ms then redis.call('HSET', work_key(id), 'audio_ms', integer(args.audio_ms)) end
if args.cost_ms then redis.call('HSET', work_key(id), 'cost_ms', integer(args.cost_ms)) end
if args.info then redis.call('HSET', work_key(id), 'info', args.info) end
redis.call('ZADD', key('leases'), integer(now + args.lease_ms), id)
-- The segments are in the list; the event says which, so that none is stored twice.
local committed = redis.call('LLEN', work_key(id, 'segments'))
if committed > length or #args.segments == 0 then
  emit(id, 'progress', 'progress_ms', integer(args.progress_ms), 'audio_ms',
    redis.call('HGET', work_key(id), 'audio_ms') or '', 'first', integer(length), 'last', integer(committed))
end
return cancel_requested(id) and 'cancel' or 'held'

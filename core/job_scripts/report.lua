-- report: commits segments and progress of a processing job
--   job_id        string
--   fence         integer
--   lease_ms      integer
--   segments      list of strings, each one segment as JSON
--   committed     integer  segments committed before these, so that a call sent twice commits once
--   progress_ms   integer  audio done, from the start of the audio
--   audio_ms      integer  decoded length (optional)
--   language      string   (optional)
-- Returns 'lost', 'held', or 'cancel' when cancellation was asked for.

local id = args.job_id
if not holds(id, args.fence) then return 'lost' end
local known = redis.call('LLEN', job_key(id) .. ':segments') - args.committed
for index = known + 1, #args.segments do
  redis.call('RPUSH', job_key(id) .. ':segments', args.segments[index])
end
redis.call('HSET', job_key(id), 'progress_ms', integer(args.progress_ms))
if args.audio_ms then redis.call('HSET', job_key(id), 'audio_ms', integer(args.audio_ms)) end
if args.language then redis.call('HSET', job_key(id), 'language', args.language) end
redis.call('ZADD', key('leases'), integer(now + args.lease_ms), id)
if redis.call('HEXISTS', job_key(id), 'cancel_requested') == 1 then return 'cancel' end
return 'held'

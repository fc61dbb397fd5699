-- fetched: notes that the audio of a processing work is whole in the media folder
--   work_id       string
--   fence         integer
--   lease_ms      integer
--   media_bytes   integer
-- Sets media_bytes and forgets source_url: until then, whatever lies under the work's name is fetched anew.
-- Returns 'lost', 'held', or 'cancel' when cancellation was asked for.

local id = args.work_id
if not holds(id, args.fence) then return 'lost' end
redis.call('HSET', work_key(id), 'media_bytes', integer(args.media_bytes))
redis.call('HDEL', work_key(id), 'source_url')
redis.call('ZADD', key('leases'), integer(now + args.lease_ms), id)
return cancel_requested(id) and 'cancel' or 'held'

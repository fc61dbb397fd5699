-- heartbeat: renews the lease of a processing job
--   job_id     string
--   fence      integer
--   lease_ms   integer
-- Returns 'lost', 'held', or 'cancel' when cancellation was asked for.

if not holds(args.job_id, args.fence) then return 'lost' end
redis.call('ZADD', key('leases'), integer(now + args.lease_ms), args.job_id)
if redis.call('HEXISTS', job_key(args.job_id), 'cancel_requested') == 1 then return 'cancel' end
return 'held'

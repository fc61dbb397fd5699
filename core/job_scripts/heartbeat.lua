-- heartbeat: renews the lease of a processing work
--   work_id    string
--   fence      integer
--   lease_ms   integer
-- Returns 'lost', 'held', or 'cancel' when cancellation was asked for.

if not holds(args.work_id, args.fence) then return 'lost' end
redis.call('ZADD', key('leases'), integer(now + args.lease_ms), args.work_id)
return cancel_requested(args.work_id) and 'cancel' or 'held'

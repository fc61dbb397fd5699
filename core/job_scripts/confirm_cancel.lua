-- confirm_cancel: processing -> cancelled, by the worker that saw the flag and stopped
--   job_id          string
--   fence           integer
--   result_ttl_ms   integer
--   record_ttl_ms   integer
-- Returns 'cancelled' or 'lost'.

if not holds(args.job_id, args.fence) then return 'lost' end
redis.call('DEL', job_key(args.job_id) .. ':segments')
finish(args.job_id, 'cancelled')
return 'cancelled'

-- confirm_cancel: processing -> cancelled, by the worker that saw the flag and stopped
--   work_id         string
--   fence           integer
--   result_ttl_ms   integer
--   record_ttl_ms   integer
-- Returns 'cancelled' or 'lost'.

if not holds(args.work_id, args.fence) then return 'lost' end
return cancel_attempt(args.work_id)

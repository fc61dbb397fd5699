-- fail: processing -> failed, for a reason that no later attempt can change; or cancelled, when that was asked for
--   work_id         string
--   fence           integer
--   failure         string   a FailureCode
--   detail          string   shown to the owners of its jobs
--   result_ttl_ms   integer
--   record_ttl_ms   integer
-- Returns 'failed', 'cancelled' or 'lost'.

if not holds(args.work_id, args.fence) then return 'lost' end
if cancel_requested(args.work_id) then return cancel_attempt(args.work_id) end
end_attempt(args.work_id, 'failed', args.failure, args.detail)
bury(args.work_id, args.failure, args.detail)
return 'failed'
